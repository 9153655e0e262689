import type { Command } from "commander";
import { expectWhole, ranges } from "../../border/ranges.js";
import { tableEnding, tableEndings } from "../../data/writers/table-file.js";
import type { TablePlan } from "../../data/index.js";
import { UsageError } from "../../errors.js";
import { writeFileAtomic } from "../../files/atomic-file.js";
import { pointsPicture } from "../../pictures/plane-picture.js";
import { Random } from "../../random.js";
import { expectAbility, limitsOf, type Runner } from "../../runner/index.js";
import { writeReport } from "../../runs/report.js";
import type { RunFolder } from "../../runs/run-folder.js";
import { modelOnData } from "../../runs/run-pictures.js";
import { samplePictures } from "../../runs/sample-pictures.js";
import { drawRows, writeSamples } from "../../runs/sample-rows.js";
import { withTrained } from "../../runs/trained.js";
import type { Cells } from "../../tables/index.js";
import {
  assignments,
  pathArgument,
  realOption,
  runHelp,
  wholeOption,
  withInverseLimits,
  withJson,
  withThreads,
} from "../options.js";
import type { EngineOptions, InverseOptions, ResultOptions } from "../options.js";
import { interruptible } from "../interrupt.js";
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
    .argument("<run>", runHelp, pathArgument)
    .optionsGroup("Simple options:")
    .addOption(wholeOption("--count <n>", "samples", ranges.draws).default(64))
    .option(
      "--condition <column=value,...>",
      "what rows are drawn given: a value for each column of a table's condition",
      assignments,
    )
    .option(
      "--class <name>",
      "class of the rows, of a density of a table with --label; or of the pictures, of a density by class",
    )
    .option(
      "--out <file>",
      `an .svg; of images also a .png, which is pixels alone, or a folder of single ones; of rows ${tableEndings.join(", ")}, .gz too (default: pictures/samples in the run's folder)`,
      pathArgument,
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
  iresnet sample runs/mnist-density --temperature 0.7 --out cool.svg
  iresnet sample runs/toy --count 10000
  iresnet sample runs/pictures --count 500 --out samples/
  iresnet sample runs/my --condition year=2020,kind=a --out rows.csv
  iresnet sample runs/my --count 100000 --out more.csv.gz

Images become a sheet, or a file each in a folder; points of the plane a picture and a .csv file. Rows
of a table have its names and types: whole numbers are whole, categories and dates are what they were,
cells may be empty. They are written as they are drawn, in constant memory, and more begin with the
fewer. An .npz has all of them in memory at once, up to 67 million cells; pictures are up to a million.`,
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
    const { folder } = run;
    const usual = (name: string): string => expectFolder(folder, run.file).picture(name);
    const { class: label, ...given } = rest;
    const isImages = runner.model.shape.length === 3;
    const condition = cellsOf(isImages ? given : rest, runner.data?.table);
    const target = out ?? usual("samples.svg");
    const files = await interruptible(terminal, async (signal) => {
      if (isImages) {
        const pictures = { ...options, class: label, out: target, signal };
        return samplePictures(runner, count, pictures, terminal);
      }
      const files = targetsOf(runner, out, usual);
      if (files.some(isPicture)) expectWhole(count, ranges.examples, "--count: of a picture");
      const title = `Samples: ${modelOnData(runner)}, temperature ${temperature}`;
      const draw = drawRows(runner, { ...options, ...(condition && { condition }) });
      for (const file of files) {
        if (!isPicture(file)) await writeSamples(file, count, draw, { listener: terminal, signal });
        else await writeFileAtomic(file, pointsPicture(title, await runner.sample(count, options)));
      }
      return files;
    });
    if (!files) return;
    const results = { checkpoint: run.file, count, temperature, seed, files };
    const where = files.length > 2 ? target : files.join(", ");
    terminal.result(results, `${count} samples at temperature ${temperature}: ${where}`);
    if (out === undefined && folder) await writeReport(folder);
  });
}

/** @throws {UsageError} if there is none. */
function expectFolder(folder: RunFolder | undefined, file: string): RunFolder {
  if (folder) return folder;
  throw new UsageError(
    `--out: expected a file for the samples, as ${file} has no run's folder, got none; name one`,
    { name: "out" },
  );
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
 * The files of rows to write: the one that is asked for, or else all that suit the model.
 * @throws {UsageError} if samples can't be written to such a file.
 */
function targetsOf(
  { model: { shape }, data }: Runner,
  out: string | undefined,
  usual: (name: string) => string,
): readonly string[] {
  const isPlane = shape[0] === 2 && !data?.table;
  if (out === undefined) return [...(isPlane ? ["samples.svg"] : []), "samples.csv"].map(usual);
  if (isPicture(out) ? isPlane : tableEnding(out) !== undefined) return [out];
  const endings = [...(isPlane ? [".svg"] : []), ...tableEndings];
  throw new UsageError(
    `--out: expected a name that ends in ${endings.join(", ")} for samples of shape [${shape}], got ${out}; choose one of these`,
    { name: "out" },
  );
}

function isPicture(path: string): boolean {
  return path.toLowerCase().endsWith(".svg");
}
