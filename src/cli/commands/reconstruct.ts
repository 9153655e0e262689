import type { Command } from "commander";
import { expectAbility } from "../../runner/index.js";
import { dataSource, loadExamples } from "../examples.js";
import { reconstructRun, saveReconstruction } from "../measure.js";
import {
  limitsOf,
  wholeFrom,
  withInverseLimits,
  withJson,
  withSplit,
  withThreads,
} from "../options.js";
import type { EngineOptions, InverseOptions, ResultOptions, SplitOptions } from "../options.js";
import { openRunner, perform, withEngine } from "../perform.js";
import { expectReconstructed, reconstructionText } from "../reconstruction.js";
import { writeReport } from "../report.js";
import { openRun } from "../run-folder.js";
import type { Terminal } from "../terminal.js";

interface ReconstructOptions extends EngineOptions, InverseOptions, ResultOptions, SplitOptions {
  readonly count?: number;
}

export function addReconstruct(program: Command): void {
  const command = program
    .command("reconstruct")
    .description("map data to the latent and back, and measure the error")
    .argument("<run>", "folder of a run, or a checkpoint in it (default there: the best one)")
    .optionsGroup("Simple options:");
  withSplit(command).option(
    "--count <n>",
    "examples, evenly spread over the split (default: all)",
    wholeFrom(1),
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
  { split, dataDir, threads, device, count, ...options }: ReconstructOptions,
): Promise<void> {
  const run = await openRun(path);
  const { folder, config, model } = run;
  expectAbility(model, "bijection", "reconstruct");
  const examples = await loadExamples(dataSource(config.data, dataDir), split, model);
  await withEngine({ threads: threads ?? config.threads, device }, async (engine) => {
    const runner = await openRunner(engine, run);
    const measurement = await reconstructRun(runner, examples, terminal, {
      ...(count !== undefined && { count }),
      ...limitsOf(options),
    });
    const { reconstruction } = measurement;
    terminal.result(
      { checkpoint: run.file, ...reconstruction },
      `checkpoint: ${run.file}\n${reconstructionText(reconstruction)}\nReport: ${folder.report}`,
    );
    await saveReconstruction(folder, measurement);
    await writeReport(folder);
    expectReconstructed(measurement);
  });
}
