import type { Command } from "commander";
import { csvText } from "../../data/writers/index.js";
import { writeFileInPieces } from "../../data/writers/node-writer.js";
import type { TablePlan } from "../../data/index.js";
import { UsageError } from "../../errors.js";
import { writeFileAtomic } from "../../files/atomic-file.js";
import { Random } from "../../random.js";
import { expectAbility } from "../../runner/index.js";
import { samplesPng } from "../../runs/outcome.js";
import { writeReport } from "../../runs/report.js";
import { withTrained } from "../../runs/trained.js";
import { sampleTable, type Cells } from "../../tables/index.js";
import type { NumberArray } from "../../tree.js";
import { assignments, fromZero, limitsOf, wholeFrom, withInverseLimits, withJson, withThreads } from "../options.js";
import type { EngineOptions, InverseOptions, ResultOptions } from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface SampleOptions extends EngineOptions, InverseOptions, ResultOptions {
  readonly count: number;
  readonly condition?: Cells;
  readonly class?: string;
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
    .option(
      "--condition <column=value,...>",
      "what rows are drawn given: a value for each column of a table's condition",
      assignments,
    )
    .option("--class <name>", "class of the rows, of a density of a table with --label")
    .option(
      "--out <file>",
      "a .png, of rows a .csv (default: pictures/samples.png or .csv in the run's folder)",
    );
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
  iresnet sample runs/my --condition year=2020,kind=a --out rows.csv

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
  { count, temperature, seed, threads, device, out, ...options }: SampleOptions,
): Promise<void> {
  await withTrained(path, { threads, device }, async ({ run, runner }) => {
    expectAbility(runner.model, "density", "sample");
    const picture = out ?? run.folder.picture("samples.png");
    const csv = picture.replace(/(\.png|\.csv)?$/, ".csv");
    const drawn = { temperature, random: Random.fromSeed(seed), ...limitsOf(options) };
    const cells = cellsOf(options, runner.data?.table);
    const files: string[] = [];
    if (runner.data?.table) {
      const rows = await sampleTable(runner, count, { ...drawn, ...(cells && { condition: cells }) });
      await writeFileInPieces(csv, csvText([rows]));
      files.push(csv);
    } else {
      const samples = await runner.sample(count, drawn);
      const png = samplesPng(samples);
      if (png) {
        await writeFileAtomic(picture, png);
        files.push(picture);
      }
      if (samples.shape.length === 2) {
        await writeFileAtomic(csv, csvOf(samples));
        files.push(csv);
      }
    }
    const results = { checkpoint: run.file, count, temperature, seed, files };
    terminal.result(results, `${count} samples at temperature ${temperature}: ${files.join(", ")}`);
    if (out === undefined) await writeReport(run.folder);
  });
}

/**
 * The condition that options give; a class is that of the label.
 * @throws {UsageError} if the run has none.
 */
function cellsOf(
  { condition, class: label }: Pick<SampleOptions, "condition" | "class">,
  plan: TablePlan | undefined,
): Cells | undefined {
  const name = plan?.label?.name;
  if (condition && !(plan && plan.condition.length > 0)) {
    throw new UsageError(
      "--condition: expected the run of a conditional density of a table, got another; train one with: iresnet train --data FILE --condition COLUMNS",
    );
  }
  if (label === undefined) return condition;
  if (name === undefined || !plan?.condition.some((codec) => codec.name === name)) {
    throw new UsageError(
      "--class: expected the run of a density of a table with classes, got another; train one with: iresnet train --data FILE --label COLUMN --model maf",
    );
  }
  return { ...condition, [name]: label };
}

/** A line for each row of `[n, D]`. */
function csvOf({ shape: [count = 0, width = 0], data }: NumberArray): string {
  const names = Array.from({ length: width }, (_, i) => `x${i}`).join();
  const lines = Array.from({ length: count }, (_, row) =>
    Array.from({ length: width }, (_, i) => data[row * width + i]!).join(),
  );
  return [names, ...lines, ""].join("\n");
}
