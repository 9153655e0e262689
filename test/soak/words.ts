import assert from "node:assert/strict";
import fc from "fast-check";
import { iresnet } from "../cli/support.js";

const wrong = fc.constantFrom("", "0", "-1", "1e999", "0x10", "NaN", "9007199254740993", "nothing");
const commands = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("--steps", "--lr", "--c", "--batch-size", "--threads", "--workers", "--seed"),
      fc.constantFrom("", "-1", "1e999", "0x10", "NaN", "9007199254740993", "nothing"),
    )
    .map(([option, value]) => ["train", "toy", option, value]),
  fc
    .tuple(fc.constantFrom("evaluate", "sample", "info", "reconstruct"), wrong)
    .map(([command, path]) => [command, path]),
  fc
    .tuple(fc.constantFrom("train", "reproduce", "data get", "help"), fc.string({ minLength: 1 }))
    .map(([command, name]) => [...command.split(" "), `x${name}`]),
  fc
    .tuple(fc.constantFrom("--budget", "--at-once", "--rows", "--threads"), wrong)
    .map(([option, value]) => ["reproduce", "figure-toy", option, value === "0" ? "-1" : value]),
);

/** Runs so many wrong command lines: each must end with 1 or 2 and say why in a line. */
export async function soakWords(root: string, count: number, seed: number): Promise<string> {
  const codes: Record<number, number> = { 1: 0, 2: 0 };
  for (const args of fc.sample(commands, { numRuns: count, seed })) {
    if (args.some((word) => word.includes("\0"))) continue; // no process can be given it
    const { code, stdout, stderr } = await iresnet(root, ...args);
    const what = `${JSON.stringify(args)}: code ${code}, ${stderr}`;
    assert.ok(code === 1 || code === 2, what);
    assert.match(stderr, /(^|\n)error: /, what);
    assert.doesNotMatch(stderr, /^ {4}at |unexpected/m, what);
    assert.equal(stdout, "", what);
    codes[code]!++;
  }
  return `${count} wrong command lines: ${codes[1]} ended with code 1, ${codes[2]} with 2`;
}
