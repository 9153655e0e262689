import { imageSetNames } from "../data/index.js";
import { DataError } from "../errors.js";
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
    process.exitCode = terminal.fail(withHint(error));
  }
}

/** Adds the command that gets an image set to the error that its files are missing. */
function withHint(error: unknown): unknown {
  if (!(error instanceof DataError)) return error;
  const { name } = error.details;
  if (!imageSetNames.some((known) => known === name)) return error;
  return new DataError(`${error.message}; get it with: iresnet data get ${name}`, error.details);
}
