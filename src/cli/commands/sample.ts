import type { Command } from "commander";
import { tableEnding, tableEndings } from "../../data/writers/index.js";
import type { TablePlan } from "../../data/index.js";
import { UsageError } from "../../errors.js";
import { writeFileAtomic } from "../../files/atomic-file.js";
import { Random } from "../../random.js";
import { expectAbility, type Runner } from "../../runner/index.js";
import { samplesPng } from "../../runs/outcome.js";
import { writeReport } from "../../runs/report.js";
import { drawRows, writeSamples } from "../../runs/sample-rows.js";
import { withTrained } from "../../runs/trained.js";
import type { Cells } from "../../tables/index.js";
import {
  assignments,
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
      `a .png; of rows ${tableEndings.join(", ")}, .gz too (default: pictures/samples in the run's folder)`,
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
  iresnet sample runs/my --count 100000 --out more.csv.gz

Images become a sheet, points of the plane a picture and a .csv file. Rows of a table have its names
and types: whole numbers are whole, categories and dates are what they were, cells may be empty. They
are written as they are drawn, but for .npz.`,
    )
    .action((run: string, options: SampleOptions) =>
      perform(options, (terminal) => sample(terminal, run, options)),
    );
}

async function sample(
  terminal: Terminal,
  path: string,
  { count, temperature, seed, threads, device, out, ...rest }: SampleOptions,
): Promise<void> {
  await withTrained(path, { threads, device }, async ({ run, runner }) => {
    expectAbility(runner.model, "density", "sample");
    const options = { temperature, random: Random.fromSeed(seed), ...limitsOf(rest) };
    const condition = cellsOf(rest, runner.data?.table);
    const draw = drawRows(runner, { ...options, ...(condition && { condition }) });
    const targets = targetsOf(runner, out, (name) => run.folder.picture(name));
    for (const target of targets) {
      if (!isPicture(target)) await writeSamples(target, count, draw, terminal);
      else await writeFileAtomic(target, samplesPng(await runner.sample(count, options))!);
    }
    const results = { checkpoint: run.file, count, temperature, seed, files: targets };
    terminal.result(
      results,
      `${count} samples at temperature ${temperature}: ${targets.join(", ")}`,
    );
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

/**
 * The files to write: the one that is asked for, or else all that suit the model.
 * @throws {UsageError} if samples can't be written to such a file.
 */
function targetsOf(
  { model: { shape }, data }: Runner,
  out: string | undefined,
  usual: (name: string) => string,
): readonly string[] {
  const isImage = shape.length === 3;
  const isPlane = shape[0] === 2 && !isImage && !data?.table;
  if (out === undefined) {
    const pictures = isImage || isPlane ? ["samples.png"] : [];
    return [...pictures, ...(isImage ? [] : ["samples.csv"])].map(usual);
  }
  const hasPicture = isImage || isPlane;
  if (isPicture(out) ? hasPicture : !isImage && tableEnding(out) !== undefined) return [out];
  const endings = [...(hasPicture ? [".png"] : []), ...(isImage ? [] : tableEndings)];
  throw new UsageError(
    `--out: expected a name that ends in ${endings.join(", ")} for samples of shape [${shape}], got ${out}; choose one of these`,
    { name: "out" },
  );
}

function isPicture(path: string): boolean {
  return path.toLowerCase().endsWith(".png");
}
