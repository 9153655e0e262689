import type { Command } from "commander";
import { ranges } from "../../border/ranges.js";
import { csvText } from "../../data/writers/index.js";
import { writeFileInPieces } from "../../data/writers/node-writer.js";
import { writeFileAtomic } from "../../files/atomic-file.js";
import { Random } from "../../random.js";
import { expectAbility } from "../../runner/index.js";
import { samplesPng } from "../../runs/outcome.js";
import { writeReport } from "../../runs/report.js";
import { withTrained } from "../../runs/trained.js";
import { decodeTable } from "../../tables/index.js";
import type { NumberArray } from "../../tree.js";
import {
  pathArgument,
  pathOption,
  realOption,
  runHelp,
  wholeOption,
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
  readonly out?: string;
}

export function addSample(program: Command): void {
  const command = program
    .command("sample")
    .description("draw from a run's density")
    .argument("<run>", runHelp, pathArgument)
    .optionsGroup("Simple options:")
    .addOption(wholeOption("--count <n>", "samples", ranges.draws).default(64))
    .addOption(
      pathOption("--out <file.png>", "picture (default: pictures/samples.png in the run's folder)"),
    );
  withInverseLimits(withJson(withThreads(command)).optionsGroup("Advanced options:"))
    .addOption(
      realOption("--temperature <t>", "scale of the base's standard deviation", {
        text: "from 0 to 1e6",
        has: (x) => x >= 0 && x <= 1e6,
      }).default(1),
    )
    .addOption(wholeOption("--seed <n>", "decides the samples", ranges.place).default(0))
    .addHelpText(
      "after",
      `
Examples:
  iresnet sample runs/mnist-density
  iresnet sample runs/mnist-density --temperature 0.7 --out cool.png
  iresnet sample runs/toy --count 10000

Images become a sheet. Points become a picture and, beside it, a .csv file; rows of a table a .csv
file with its names, categories, dates and empty cells.`,
    )
    .action((run: string, options: SampleOptions) =>
      perform(options, (terminal) => sample(terminal, run, options)),
    );
}

async function sample(
  terminal: Terminal,
  path: string,
  { count, temperature, seed, threads, device, out, steps, tolerance }: SampleOptions,
): Promise<void> {
  await withTrained(path, { threads, device }, async ({ run, runner }) => {
    expectAbility(runner.model, "density", "sample");
    const picture = out ?? run.folder.picture("samples.png");
    const samples = await runner.sample(count, {
      temperature,
      random: Random.fromSeed(seed),
      ...(steps !== undefined && { steps }),
      ...(tolerance !== undefined && { tolerance }),
    });
    const files: string[] = [];
    const png = samplesPng(samples);
    if (png) {
      await writeFileAtomic(picture, png);
      files.push(picture);
    }
    if (samples.shape.length === 2) {
      const csv = picture.replace(/(\.png)?$/, ".csv");
      const plan = runner.data?.table;
      await (plan
        ? writeFileInPieces(csv, csvText([decodeTable(samples, plan)]))
        : writeFileAtomic(csv, csvOf(samples)));
      files.push(csv);
    }
    const results = { checkpoint: run.file, count, temperature, seed, files };
    terminal.result(results, `${count} samples at temperature ${temperature}: ${files.join(", ")}`);
    if (out === undefined) await writeReport(run.folder);
  });
}

/** A line for each row of `[n, D]`. */
function csvOf({ shape: [count = 0, width = 0], data }: NumberArray): string {
  const names = Array.from({ length: width }, (_, i) => `x${i}`).join();
  const lines = Array.from({ length: count }, (_, row) =>
    Array.from({ length: width }, (_, i) => data[row * width + i]!).join(),
  );
  return [names, ...lines, ""].join("\n");
}
