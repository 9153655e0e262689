import { Command } from "commander";
import { addCompletion } from "./commands/completion.js";
import { addData } from "./commands/data.js";
import { addDemo } from "./commands/demo.js";
import { addEvaluate } from "./commands/evaluate.js";
import { addExport } from "./commands/export.js";
import { addImport } from "./commands/import.js";
import { addInfo } from "./commands/info.js";
import { addReconstruct } from "./commands/reconstruct.js";
import { addReproduce } from "./commands/reproduce.js";
import { addSample } from "./commands/sample.js";
import { addScore } from "./commands/score.js";
import { addTrain } from "./commands/train.js";
import { addWebAssets } from "./commands/web-assets.js";
import { suggestion } from "../border/options.js";
import { fitted } from "./help.js";
import { version } from "../version.js";

/** The command line: it throws a CommanderError, once it has printed why, where it is used wrongly. */
export function program(): Command {
  const iresnet = new Command("iresnet")
    .description("Invertible residual networks: train, classify, score, invert and sample.")
    .version(version)
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => process.stdout.write(fitted(text, process.stdout.columns || 80)),
      writeErr: (text) => process.stderr.write(fitted(text, process.stderr.columns || Infinity)),
    })
    .addHelpText(
      "after",
      `
Examples:
  iresnet demo                              a 2-D density in two minutes
  iresnet train --data my.csv               learn a table; the run is in runs/my
  iresnet score runs/my new.csv             how unusual its rows are
  iresnet data get mnist                    download MNIST to data/mnist
  iresnet train mnist-classifier            train; the run is in runs/
  iresnet evaluate runs/mnist-classifier    its error on the test images
  iresnet export runs/my --to score --out my.onnx
                                            a file that other programs run
  iresnet reproduce table-density           the paper's table in half an hour
  iresnet info --presets                    what there is to train

Results go to stdout, progress to stderr. Exit codes: 0 done, 1 failed, 2 wrong use, 130
interrupted by Ctrl-C, 143 ended by SIGTERM.

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
    addCompletion,
    addHelp,
  ]) {
    add(iresnet);
  }
  nameChoices(iresnet);
  return iresnet;
}

/** Commander's own says nothing of a command that isn't there. */
function addHelp(iresnet: Command): void {
  iresnet
    .command("help")
    .description("show the help of a command")
    .argument("[command]")
    .action((name?: string) => {
      if (name === undefined) iresnet.help();
      const names = iresnet.commands.map((command) => command.name());
      const command = iresnet.commands.find((one) => one.name() === name);
      if (!command) iresnet.error(`error: unknown command '${name}'${suggestion(name, names)}`);
      command.help();
    });
}

/** After a mistake, each command says what it knows. */
function nameChoices(command: Command): void {
  const options = command.options.map(({ long, short }) => long ?? short ?? "");
  const commands = command.commands.map((sub) => sub.name());
  const choices = [
    ...(commands.length > 0 ? [`Commands: ${commands.join(", ")}.`] : []),
    ...(options.length > 0 ? [`Options: ${[...options, "--help"].join(", ")}.`] : []),
  ];
  command.showHelpAfterError(choices.join("\n\n"));
  command.commands.forEach(nameChoices);
}
