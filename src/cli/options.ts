import { InvalidArgumentError, Option, type Command } from "commander";
import { isWithin, ranges, rangeText, type WholeRange } from "../border/ranges.js";
import type { SplitName } from "../data/index.js";
import { devices, type NodeEngineOptions } from "../engine/node.js";

/** Options of every command that computes. */
export interface EngineOptions {
  readonly threads?: number;
  readonly device?: NonNullable<NodeEngineOptions["device"]>;
}

/** Options of every command that gives results. */
export interface ResultOptions {
  readonly json?: boolean;
}

/** An option that takes a whole number of a range, which its help tells. */
export function wholeOption(flags: string, description: string, range: WholeRange): Option {
  return new Option(flags, stated(description, rangeText(range))).argParser((text) =>
    wholeNumber(text, range),
  );
}

function wholeNumber(text: string, range: WholeRange): number {
  if (/^\d+$/.test(text) && isWithin(Number(text), range)) return Number(text);
  throw new InvalidArgumentError(`Expected a whole number ${rangeText(range)}.`);
}

/** Numbers that an option may be, and how to say so. */
export interface RealRange {
  readonly text: string;
  readonly has: (value: number) => boolean;
}

/** Above 0 and below 1. */
export const share: RealRange = { text: "above 0 and below 1", has: (x) => x > 0 && x < 1 };

/** An option that takes a decimal number of a range, which its help tells. */
export function realOption(flags: string, description: string, { text, has }: RealRange): Option {
  return new Option(flags, stated(description, text)).argParser((given) => {
    // Number() would also read "0x10", "" and "Infinity".
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given) && has(Number(given))) {
      return Number(given);
    }
    throw new InvalidArgumentError(`Expected a number ${text}.`);
  });
}

/** The description with its range before what stands in brackets at its end. */
function stated(description: string, range: string): string {
  const [, text, note = ""] = /^(.*?)( \(.*\))?$/s.exec(description)!;
  return `${text}, ${range.replace(/^of /, "")}${note}`;
}

/** What may stand for a run. */
export const runHelp = "folder of a run, or a checkpoint in it or alone (default: the best one)";

/** Reads a path: an empty one would stand for the current folder. */
export function pathArgument(text: string): string {
  if (text.trim() !== "" && !text.includes("\0")) return text;
  throw new InvalidArgumentError("Expected a path, got an empty one.");
}

/** Options of every command that measures a run on data it wasn't trained on. */
export interface SplitOptions {
  readonly split?: Exclude<SplitName, "train">;
  readonly dataDir?: string;
  readonly data?: string;
}

export function withSplit(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--split <name>",
        "data to measure on (default: test; validation for tables and pictures, which have no other)",
      ).choices(["test", "validation"]),
    )
    .option("--data-dir <dir>", "folder of the data sets (default: the run's)", pathArgument);
}

export function withThreads(command: Command): Command {
  return command
    .addOption(wholeOption("--threads <n>", "threads to compute on (default: all)", ranges.threads))
    .addOption(
      new Option("--device <name>", "what computes; auto: the faster one (default: cpu)").choices(
        devices,
      ),
    );
}

/** An option that takes a number of workers; `auto` leaves it to a measurement. */
export function workersOption(description: string): Option {
  const range = rangeText(ranges.workers);
  return new Option("--workers <n>", stated(description, range)).argParser((text) =>
    text === "auto" ? text : wholeNumber(text, ranges.workers),
  );
}

/** Options of every command that inverts a model by iteration. */
export interface InverseOptions {
  readonly steps?: number;
  readonly tolerance?: number;
}

export function withInverseLimits(command: Command): Command {
  return command
    .addOption(
      wholeOption(
        "--steps <n>",
        "most iterations per block (default: what its Lipschitz bound asks for)",
        ranges.iterations,
      ),
    )
    .addOption(
      realOption(
        "--tolerance <x>",
        "wanted relative error of each block's inverse (default: 1e-6)",
        {
          text: "above 0 and at most 1",
          has: (x) => x > 0 && x <= 1,
        },
      ),
    );
}

export function withJson(command: Command): Command {
  return command.option("--json", "print the results as one line of JSON");
}

const units = { h: 3600, m: 60, s: 1 } as const;
const longest = 1000 * units.h;

/** Reads a time such as 90s, 30m or 1h30m. */
export function duration(text: string): number {
  const [, h, m, s] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  const seconds = Number(h ?? 0) * units.h + Number(m ?? 0) * units.m + Number(s ?? 0) * units.s;
  if (seconds > 0 && seconds <= longest) return seconds;
  throw new InvalidArgumentError("Expected a time up to 1000h, such as 90s, 30m or 1h30m.");
}

/** Reads names separated by commas. */
export function names(text: string): readonly string[] {
  const all = text.split(",").map((name) => name.trim());
  if (all.every((name) => name !== "")) return all;
  throw new InvalidArgumentError("Expected names separated by commas.");
}

/** Reads `name=value` pairs separated by commas; a value may hold commas that no `name=` follows. */
export function assignments(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(/,(?=[^,=]+=)/).map((pair) => /^([^=]+)=(.*)$/s.exec(pair));
  if (pairs.every((pair) => pair !== null)) {
    const entries = pairs.map(([, name, value]): [string, string] => [name!.trim(), value!.trim()]);
    if (new Set(entries.map(([name]) => name)).size === entries.length) {
      return Object.fromEntries(entries);
    }
  }
  throw new InvalidArgumentError(
    "Expected name=value pairs of different names, separated by commas.",
  );
}
