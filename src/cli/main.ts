#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { addData } from "./commands/data.js";
import { addDemo } from "./commands/demo.js";
import { addEvaluate } from "./commands/evaluate.js";
import { addImport } from "./commands/import.js";
import { addExport } from "./commands/export.js";
import { addInfo } from "./commands/info.js";
import { addReconstruct } from "./commands/reconstruct.js";
import { addReproduce } from "./commands/reproduce.js";
import { addSample } from "./commands/sample.js";
import { addScore } from "./commands/score.js";
import { addTrain } from "./commands/train.js";
import { addWebAssets } from "./commands/web-assets.js";
import { Terminal } from "./terminal.js";
import { version } from "../version.js";

const { stdout, stderr, env } = process;
const terminal = new Terminal({ stdout, stderr, env, json: false });

/** Whoever reads the output may stop reading: that is no failure. */
function tolerateClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exitCode = terminal.fail(error);
  });
}

function program(): Command {
  const iresnet = new Command("iresnet")
    .description("Invertible residual networks: train, classify, score, invert and sample.")
    .version(version)
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .exitOverride()
    .addHelpText(
      "after",
      `
Examples:
  iresnet demo                              a 2-D density in two minutes, with pictures
  iresnet train --data my.csv               learn a table of one's own; the run is in runs/my
  iresnet score runs/my new.csv             how unusual each row of another file is
  iresnet data get mnist                    download MNIST to data/mnist
  iresnet train mnist-classifier            train; the run is in runs/mnist-classifier
  iresnet evaluate runs/mnist-classifier    its error on the test images
  iresnet export runs/my --to score --out my.onnx   a file that other programs run
  iresnet reproduce table-density           the paper's table within half an hour
  iresnet info --presets                    what there is to train

Results go to stdout, progress to stderr. Exit codes: 0 done, 1 failed, 2 wrong use,
130 interrupted.
Set NO_COLOR=1 for no colours, IRESNET_DEBUG=1 for the stack of an unexpected error.`,
    );
  for (const add of [
    addDemo,
    addTrain,
    addEvaluate,
    addSample,
    addScore,
    addReconstruct,
    addExport,
    addReproduce,
    addImport,
    addInfo,
    addData,
    addWebAssets,
  ]) {
    add(iresnet);
  }
  nameChoices(iresnet);
  return iresnet;
}

/** After a mistake, each command says what it knows. */
function nameChoices(command: Command): void {
  const options = command.options.map(({ long, short }) => long ?? short ?? "");
  const commands = command.commands.map((sub) => sub.name());
  const choices = [
    ...(commands.length > 0 ? [`Commands: ${commands.join(", ")}.`] : []),
    ...(options.length > 0 ? [`Options: ${[...options, "--help"].join(", ")}.`] : []),
  ];
  command.showHelpAfterError(choices.join("\n"));
  command.commands.forEach(nameChoices);
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
