import type { Command } from "commander";
import { UsageError } from "../../errors.js";
import { openModel } from "../../runner/index.js";
import { Random } from "../../random.js";
import { writeFileAtomic } from "../../files/atomic-file.js";
import type { NDArray } from "../../tree.js";
import { samplesPng } from "../measure.js";
import {
  fromZero,
  limitsOf,
  wholeFrom,
  withInverseLimits,
  withJson,
  withThreads,
} from "../options.js";
import type { EngineOptions, InverseOptions, ResultOptions } from "../options.js";
import { perform, withEngine } from "../perform.js";
import { writeReport } from "../report.js";
import { openRun } from "../run-folder.js";
import type { Terminal } from "../terminal.js";

interface SampleOptions extends EngineOptions, InverseOptions, ResultOptions {
  readonly count: number;
  readonly temperature: number;
  readonly seed: number;
  readonly out?: string;
}

export function addSample(program: Command): void {
  const command = program
    .command("sample")
    .description("draw from a run's density")
    .argument("<run>", "folder of a run, or a checkpoint in it (default there: the best one)")
    .optionsGroup("Simple options:")
    .option("--count <n>", "samples", wholeFrom(1), 64)
    .option("--out <file.png>", "picture (default: pictures/samples.png in the run's folder)");
  withInverseLimits(withJson(withThreads(command)).optionsGroup("Advanced options:"))
    .option("--temperature <t>", "scale of the base's standard deviation", fromZero, 1)
    .option("--seed <n>", "decides the samples", wholeFrom(0), 0)
    .addHelpText(
      "after",
      `
Examples:
  iresnet sample runs/mnist-density
  iresnet sample runs/mnist-density --temperature 0.7 --out cool.png
  iresnet sample runs/toy --count 10000

Images become a sheet. Points become a picture and, beside it, a .csv file.`,
    )
    .action((run: string, options: SampleOptions) =>
      perform(options, (terminal) => sample(terminal, run, options)),
    );
}

async function sample(
  terminal: Terminal,
  path: string,
  { count, temperature, seed, threads, device, out, ...options }: SampleOptions,
): Promise<void> {
  const run = await openRun(path);
  const { model, arrays } = run;
  if (model.task === "classification") {
    throw new UsageError(
      `sample: expected a density, got ${model.kind}, which has no base distribution to draw from; train a density, such as iresnet train mnist-density`,
    );
  }
  const picture = out ?? run.folder.picture("samples.png");
  await withEngine({ threads: threads ?? run.config.threads, device }, async (engine) => {
    const runner = await openModel(model, arrays, { engine });
    const random = Random.fromSeed(seed);
    const samples = await runner.sample(count, { ...limitsOf(options), temperature, random });
    await writeFileAtomic(picture, samplesPng(samples));
    const files = [picture];
    if (samples.shape.length === 2) {
      const csv = picture.replace(/(\.png)?$/, ".csv");
      await writeFileAtomic(csv, csvOf(samples));
      files.push(csv);
    }
    const results = { checkpoint: run.file, count, temperature, seed, files };
    terminal.result(results, `${count} samples at temperature ${temperature}: ${files.join(", ")}`);
    if (out === undefined) await writeReport(run.folder);
  });
}

/** A line for each row of `[n, D]`. */
function csvOf({ shape: [count = 0, width = 0], data }: NDArray<Float64Array>): string {
  const names = Array.from({ length: width }, (_, i) => `x${i}`).join();
  const lines = Array.from({ length: count }, (_, row) =>
    data.subarray(row * width, (row + 1) * width).join(),
  );
  return [names, ...lines, ""].join("\n");
}
