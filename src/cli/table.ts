import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Option, type Command } from "commander";
import { expectOneOf } from "../border/options.js";
import { dataNames } from "../data/index.js";
import { UsageError } from "../errors.js";
import { pictureModels } from "../images/index.js";
import { evaluationText } from "../runs/describe.js";
import { trainTable } from "../runs/table-run.js";
import { tableModelNames, type TableDataOptions } from "../tables/index.js";
import { formatNumber, table } from "../text.js";
import { commandLine } from "./command-line.js";
import { interruptible } from "./interrupt.js";
import { names, realOption, share } from "./options.js";
import type { EngineOptions, ResultOptions } from "./options.js";
import type { Terminal } from "./terminal.js";

/** Options of `train` that go with a file of rows. */
export interface TableOptions extends EngineOptions, ResultOptions {
  readonly label?: string;
  readonly condition?: readonly string[];
  readonly ignore?: readonly string[];
  readonly holdout?: number;
  readonly missing?: NonNullable<TableDataOptions["missing"]>;
  readonly model?: string;
  readonly out?: string;
  readonly steps?: number;
  readonly seed?: number;
}

/** Those that go with nothing else. */
const own = ["label", "condition", "ignore", "holdout", "missing", "model"] as const;
const known = ["data", ...own, "out", "steps", "seed", "threads", "device", "json"];

/** Options of `train` on what the columns of a file are for. */
export function withTableOptions(command: Command): Command {
  return command
    .optionsGroup("Options for data of your own:")
    .option(
      "--label <column>",
      "column of classes, to be predicted from the others; for a density, what the others depend on",
    )
    .option(
      "--condition <columns>",
      "columns that the density of the others is conditioned on, separated by commas; of pictures: class",
      names,
    )
    .option("--ignore <columns>", "columns to leave out, separated by commas", names)
    .addOption(
      new Option(
        "--model <name>",
        "what learns, rows or pictures (default: i-resnet-density, or i-resnet-classifier with --label)",
      ).choices([...new Set([...tableModelNames(), ...pictureModels])]),
    )
    .addOption(
      new Option(
        "--missing <how>",
        "empty cells: learned with the model, or their rows left out (default: model)",
      ).choices(["model", "refuse"]),
    )
    .addOption(
      realOption(
        "--holdout <share>",
        "share of the rows or pictures that choose and calibrate (default: 15 %, at most 1,000)",
        share,
      ),
    );
}

/** Whether `--data` names a file rather than a data set that is known by name. */
export function isTableFile(data: string | undefined): data is string {
  if (data === undefined || dataNames().includes(data)) return false;
  return data === "-" || existsSync(data) || /[./\\]/.test(data);
}

/** @throws {UsageError} if an option is one of files of rows, which there is none of. */
export function expectNoTableOptions(options: object): void {
  const name = own.find((one) => one in options);
  if (name === undefined) return;
  throw new UsageError(
    `--${name}: expected --data FILE or FOLDER and no preset beside it, got none; name rows or pictures, such as --data my.csv`,
  );
}

/** Learns a file of rows, and prints what came of it. */
export async function trainTableAndPrint(
  terminal: Terminal,
  file: string,
  { label, condition, ignore, holdout, missing, model, ...options }: TableOptions,
): Promise<void> {
  const other = Object.keys(options).find((name) => !known.includes(name));
  if (other !== undefined) {
    throw new UsageError(
      `train: expected no option but ${known.map((name) => `--${name}`).join(", ")} with a file of rows, got --${other}; the rows decide the rest`,
    );
  }
  const use = {
    ...(label !== undefined && { label }),
    ...(condition && { condition }),
    ...(ignore && { ignore }),
    ...(holdout !== undefined && { holdout }),
    ...(missing && { missing }),
    ...(model !== undefined && { model: expectOneOf(model, tableModelNames(), "--model") }),
  };
  const out = options.out ?? join("runs", nameOf(file));
  const outcome = await interruptible(terminal, (signal) =>
    trainTable(
      { ...options, file, use, out, command: commandLine() },
      { listener: terminal, signal },
    ),
  );
  if (!outcome) {
    terminal.note("Ended before there was a model: nothing is saved.");
    return;
  }
  const { folder, fit, columns, evaluation } = outcome;
  const { trials, noise, logProb, heldOut, choosing, step } = fit;
  const calibration = fit.checkpoint.data?.calibration;
  const calibrating = calibration && calibration.scores.length + calibration.beyond;
  const fewest =
    calibrating !== undefined
      ? `, of which ${calibrating} calibrate: no p-value is below ${formatNumber(1 / (calibrating + 1))}`
      : "";
  terminal.result(
    {
      run: folder.path,
      report: folder.report,
      ...{ columns, trials, noise, logProb, heldOut, choosing, step },
      ...(evaluation && { evaluation }),
    },
    [
      table([
        ["held-out rows", `${heldOut}${fewest}`],
        [
          `log-likelihood of ${choosing < heldOut ? `the ${choosing} that chose` : "these"}`,
          `${formatNumber(logProb)} nats a row`,
        ],
        [
          "smoothing noise",
          `${noise} standard deviations, of ${trials.map((one) => one.noise).join(", ")}`,
        ],
        ["run", folder.path],
        ["report", folder.report],
      ]),
      ...(evaluation ? [evaluationText(evaluation)] : []),
      `Score other rows with: iresnet score ${folder.path} new.csv --out scores.csv`,
    ].join("\n\n"),
  );
}

/** `my` of `folder/my.csv.gz`. */
function nameOf(file: string): string {
  const [name = ""] = basename(file).split(".");
  return /^[\w-]+$/.test(name) && file !== "-" ? name : "table";
}
