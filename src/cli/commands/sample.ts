import type { Command } from "commander";
import { csvText } from "../../data/writers/index.js";
import { writeFileInPieces } from "../../data/writers/node-writer.js";
import { UsageError } from "../../errors.js";
import { writeFileAtomic } from "../../files/atomic-file.js";
import { Random } from "../../random.js";
import {
  expectAbility,
  type Runner,
  type SampleOptions as DrawOptions,
} from "../../runner/index.js";
import { pointsPanel } from "../../pictures/plane-panels.js";
import { encodeRgb } from "../../pictures/png.js";
import { writeReport } from "../../runs/report.js";
import { samplePictures } from "../../runs/sample-pictures.js";
import { withTrained } from "../../runs/trained.js";
import { decodeTable } from "../../tables/index.js";
import type { NumberArray } from "../../tree.js";
import {
  fromZero,
  limitsOf,
  wholeFrom,
  withInverseLimits,
  withJson,
  withThreads,
} from "../options.js";
import type { EngineOptions, InverseOptions, ResultOptions } from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface SampleOptions extends EngineOptions, InverseOptions, ResultOptions {
  readonly count: number;
  readonly temperature: number;
  readonly seed: number;
  readonly class?: string;
  readonly out?: string;
}

export function addSample(program: Command): void {
  const command = program
    .command("sample")
    .description("draw from a run's density")
    .argument("<run>", "folder of a run, or a checkpoint in it (default there: the best one)")
    .optionsGroup("Simple options:")
    .option("--count <n>", "samples", wholeFrom(1), 64)
    .option(
      "--out <file.png>",
      "picture, or for images a folder of single ones (default: pictures/samples.png in the run's folder)",
    );
  command.option("--class <name>", "class of the pictures, of a density of pictures by class");
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
  iresnet sample runs/pictures --count 500 --out samples/

Images become a sheet, or a file each in a folder. Points become a picture and, beside it, a .csv
file; rows of a table a .csv file with its names, categories, dates and empty cells.`,
    )
    .action((run: string, options: SampleOptions) =>
      perform(options, (terminal) => sample(terminal, run, options)),
    );
}

async function sample(
  terminal: Terminal,
  path: string,
  { count, temperature, seed, threads, device, out, class: name, ...limits }: SampleOptions,
): Promise<void> {
  await withTrained(path, { threads, device }, async ({ run, runner }) => {
    expectAbility(runner.model, "density", "sample");
    const target = out ?? run.folder.picture("samples.png");
    if (name !== undefined && runner.model.shape.length !== 3) {
      throw new UsageError("--class: expected a run on pictures, got another; leave it out");
    }
    const options = { temperature, random: Random.fromSeed(seed), ...limitsOf(limits) };
    const files =
      runner.model.shape.length === 3
        ? await samplePictures(runner, count, { ...options, class: name, out: target }, terminal)
        : await sampleRows(runner, count, { ...options, out: target });
    const results = { checkpoint: run.file, count, temperature, seed, files };
    const where = files.length > 2 ? target : files.join(", ");
    terminal.result(results, `${count} samples at temperature ${temperature}: ${where}`);
    if (out === undefined) await writeReport(run.folder);
  });
}

/** Points as a picture, and rows as a table. */
async function sampleRows(
  runner: Runner,
  count: number,
  { out, ...options }: DrawOptions & { readonly out: string },
): Promise<string[]> {
  const samples = await runner.sample(count, options);
  const files: string[] = [];
  if (samples.shape[1] === 2) {
    await writeFileAtomic(out, encodeRgb(pointsPanel(samples)));
    files.push(out);
  }
  const csv = out.replace(/(\.png)?$/, ".csv");
  const plan = runner.data?.table;
  await (plan
    ? writeFileInPieces(csv, csvText([decodeTable(samples, plan)]))
    : writeFileAtomic(csv, csvOf(samples)));
  return [...files, csv];
}

/** A line for each row of `[n, D]`. */
function csvOf({ shape: [count = 0, width = 0], data }: NumberArray): string {
  const names = Array.from({ length: width }, (_, i) => `x${i}`).join();
  const lines = Array.from({ length: count }, (_, row) =>
    Array.from({ length: width }, (_, i) => data[row * width + i]!).join(),
  );
  return [names, ...lines, ""].join("\n");
}
