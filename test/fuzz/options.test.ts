import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CommanderError, type Command } from "commander";
import fc from "fast-check";
import { program } from "../../src/cli/program.js";
import { tries } from "./mutations.js";

/** The command line, which prints to `write` and does nothing. */
function idle(command: Command, write: (text: string) => void): Command {
  command.configureOutput({ writeErr: write, writeOut: write });
  if (command.commands.length === 0) command.action(() => undefined);
  for (const sub of command.commands) idle(sub, write);
  return command;
}

function pathsOf(command: Command, path: readonly string[]): string[][] {
  const own = command.commands.length === 0 ? [[...path]] : [];
  return [...own, ...command.commands.flatMap((sub) => pathsOf(sub, [...path, sub.name()]))];
}

const all = program();
const flags = (command: Command): string[] => [
  ...command.options.flatMap(({ long }) => long ?? []),
  ...command.commands.flatMap(flags),
];
const words = fc.oneof(
  fc.constantFrom(...new Set(flags(all))),
  fc.string({ maxLength: 12 }),
  fc.constantFrom("", "0", "-1", "1e999", "0x10", "NaN", "9007199254740993", "..", "--", "-", "é"),
  fc.double().map(String),
  fc.bigInt().map(String),
);

describe("any words", () => {
  it("are understood, or refused by one line that begins with error", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...pathsOf(all, [])),
        fc.array(words, { maxLength: 6 }),
        async (path, rest) => {
          let printed = "";
          const command = idle(program(), (text) => (printed += text));
          try {
            await command.parseAsync([...path, ...rest], { from: "user" });
          } catch (error) {
            assert.ok(error instanceof CommanderError, String(error));
            if (error.exitCode === 0) return;
            assert.match(printed, /^error: /);
            assert.doesNotMatch(printed, /^ {4}at /m);
          }
        },
      ),
      { ...tries, numRuns: 10 * tries.numRuns },
    );
  });
});
