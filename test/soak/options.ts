import fc from "fast-check";
import { iresnet } from "../cli/support.js";
import type { Soaked } from "./soaked.js";

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
export async function soakOptions(root: string, count: number, seed: number): Promise<Soaked> {
  const codes = { 1: 0, 2: 0 };
  const failures: string[] = [];
  // No process can be given a NUL.
  const given = commands.filter((args) => !args.some((word) => word.includes("\0")));
  for (const [i, args] of fc.sample(given, { numRuns: count, seed }).entries()) {
    const { code, stdout, stderr } = await iresnet(root, ...args);
    const isClear = /(^|\n)error: /.test(stderr) && !/^ {4}at |unexpected/m.test(stderr);
    if ((code === 1 || code === 2) && isClear && stdout === "") codes[code]++;
    else failures.push(`${JSON.stringify(args)}: code ${code}, ${stdout}${stderr}`);
    if ((i + 1) % 50 === 0) process.stderr.write(`${i + 1} command lines\n`);
  }
  return { figures: { commandLines: count, code1: codes[1], code2: codes[2] }, failures };
}
