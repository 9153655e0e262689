import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { dataNames } from "../data/index.js";
import { UsageError } from "../errors.js";
import { trainTable } from "../runs/table-run.js";
import { formatNumber, table } from "../text.js";
import { commandLine } from "./command-line.js";
import { interruptible } from "./interrupt.js";
import type { EngineOptions, ResultOptions } from "./options.js";
import type { Terminal } from "./terminal.js";

/** Options of `train` that go with a file of rows. */
export interface TableOptions extends EngineOptions, ResultOptions {
  readonly label?: string;
  readonly ignore?: readonly string[];
  readonly holdout?: number;
  readonly out?: string;
  readonly steps?: number;
  readonly seed?: number;
}

const known = [
  "data",
  "label",
  "ignore",
  "holdout",
  "out",
  "steps",
  "seed",
  "threads",
  "device",
  "json",
];
/** Those that go with nothing else. */
const own = ["label", "ignore", "holdout"] as const;

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
    `--${name}: expected --data FILE and no preset beside it, got none; name a file of rows, such as --data my.csv`,
  );
}

/** Learns a file of rows, and prints what came of it. */
export async function trainTableAndPrint(
  terminal: Terminal,
  file: string,
  options: TableOptions,
): Promise<void> {
  const other = Object.keys(options).find((name) => !known.includes(name));
  if (other !== undefined) {
    throw new UsageError(
      `train: expected no option but ${known.map((name) => `--${name}`).join(", ")} with a file of rows, got --${other}; the rows decide the rest`,
    );
  }
  const out = options.out ?? join("runs", nameOf(file));
  const outcome = await interruptible(terminal, (signal) =>
    trainTable({ ...options, file, out, command: commandLine() }, { listener: terminal, signal }),
  );
  if (!outcome) {
    terminal.note("Ended before there was a model: nothing is saved.");
    return;
  }
  const { folder, fit, columns } = outcome;
  const { trials, noise, logProb, heldOut, step } = fit;
  terminal.result(
    { run: folder.path, report: folder.report, columns, trials, noise, logProb, heldOut, step },
    [
      table([
        [
          "held-out rows",
          `${heldOut}, so that no p-value is below ${formatNumber(1 / (heldOut + 1))}`,
        ],
        ["their log-likelihood", `${formatNumber(logProb)} nats a row`],
        [
          "smoothing noise",
          `${noise} standard deviations, of ${trials.map((one) => one.noise).join(", ")}`,
        ],
        ["run", folder.path],
        ["report", folder.report],
      ]),
      `Score other rows with: iresnet score ${folder.path} new.csv --out scores.csv`,
    ].join("\n\n"),
  );
}

/** `my` of `folder/my.csv.gz`. */
function nameOf(file: string): string {
  const [name = ""] = basename(file).split(".");
  return /^[\w-]+$/.test(name) && file !== "-" ? name : "table";
}
