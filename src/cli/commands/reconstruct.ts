import type { Command } from "commander";
import { ranges } from "../../border/ranges.js";
import { expectReconstructed } from "../../measure/index.js";
import { limitsOf } from "../../runner/index.js";
import { reconstructionText } from "../../runs/describe.js";
import { reconstructRun, saveReconstruction, saveUnlessReadOnly } from "../../runs/outcome.js";
import { writeReport } from "../../runs/report.js";
import { splitOf, withTrained } from "../../runs/trained.js";
import {
  pathArgument,
  runHelp,
  wholeOption,
  withInverseLimits,
  withJson,
  withSplit,
  withThreads,
} from "../options.js";
import type { EngineOptions, InverseOptions, ResultOptions, SplitOptions } from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface ReconstructOptions extends EngineOptions, InverseOptions, ResultOptions, SplitOptions {
  readonly count?: number;
}

export function addReconstruct(program: Command): void {
  const command = program
    .command("reconstruct")
    .description("map data to the latent and back, and measure the error")
    .argument("<run>", runHelp, pathArgument)
    .optionsGroup("Simple options:");
  withSplit(command)
    .option(
      "--data <folder>",
      "other pictures to measure a run on pictures on, or a single one",
      pathArgument,
    )
    .addOption(
      wholeOption(
        "--count <n>",
        "examples, evenly spread over the split (default: all)",
        ranges.examples,
      ),
    );
  withInverseLimits(withJson(withThreads(command)).optionsGroup("Advanced options:"))
    .addHelpText(
      "after",
      `
Examples:
  iresnet reconstruct runs/mnist-classifier
  iresnet reconstruct runs/mnist-classifier --steps 5 --count 100

Errors of images are in pixel units: 1 is the full range of a pixel, 255 gray levels. A density
gets each pixel with 0.5 added, the middle of the noise that it was trained with.
The exit code is 1 if the inverse does not hold.`,
    )
    .action((run: string, options: ReconstructOptions) =>
      perform(options, (terminal) => reconstruct(terminal, run, options)),
    );
}

async function reconstruct(
  terminal: Terminal,
  path: string,
  { threads, device, count, ...choice }: ReconstructOptions,
): Promise<void> {
  await withTrained(path, { threads, device }, async (trained) => {
    const { run, runner } = trained;
    const split = await splitOf(trained, choice, { isLabelled: false, listener: terminal });
    const measurement = await reconstructRun(runner, split, terminal, {
      ...(count !== undefined && { count }),
      ...limitsOf(choice),
    });
    const { reconstruction } = measurement;
    const folder = choice.data === undefined ? run.folder : undefined;
    terminal.result(
      {
        checkpoint: run.file,
        ...(choice.data !== undefined && { data: choice.data }),
        ...reconstruction,
      },
      [
        `checkpoint: ${run.file}`,
        reconstructionText(reconstruction),
        ...(folder ? [`Report: ${folder.report}`] : []),
      ].join("\n"),
    );
    if (folder) {
      await saveUnlessReadOnly(terminal, async () => {
        await saveReconstruction(folder, measurement);
        await writeReport(folder);
      });
    }
    if (choice.data === undefined) expectReconstructed(measurement);
  });
}
