import type { ResultOptions } from "./options.js";
import { Terminal } from "./terminal.js";

/** Runs what a command does: its error becomes a message on stderr and the exit code. */
export async function perform(
  { json = false }: ResultOptions,
  body: (terminal: Terminal) => Promise<void>,
): Promise<void> {
  const { stdout, stderr, env } = process;
  const terminal = new Terminal({ stdout, stderr, env, json });
  try {
    await body(terminal);
  } catch (error) {
    process.exitCode = terminal.fail(error);
  }
}
