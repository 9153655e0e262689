#!/usr/bin/env node
import { CommanderError } from "commander";
import { program } from "./program.js";
import { Terminal } from "./terminal.js";

const { stdout, stderr, env } = process;
const terminal = new Terminal({ stdout, stderr, env, json: false });

/** Whoever reads the output may stop reading: that is no failure. */
function tolerateClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exitCode = terminal.fail(error);
  });
}

async function main(args: readonly string[]): Promise<void> {
  const iresnet = program();
  try {
    if (args.length === 0) iresnet.outputHelp();
    else await iresnet.parseAsync(args, { from: "user" });
  } catch (error) {
    // Commander has printed its own message, or the help that was asked for.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else process.exitCode = terminal.fail(error);
  }
}

tolerateClosedPipe(stdout);
tolerateClosedPipe(stderr);
process.on("uncaughtException", (error) => {
  process.exit(terminal.fail(error));
});
await main(process.argv.slice(2));
