import { InvalidArgumentError, Option, type Command } from "commander";
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

/** Reads a whole number of at least `least`. */
export function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  };
}

/** Reads a number. */
export function realNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Expected a number.");
}

/** Reads a number above 0. */
export function positiveNumber(text: string): number {
  const value = realNumber(text);
  if (value > 0) return value;
  throw new InvalidArgumentError("Expected a number above 0.");
}

/** Reads a number between 0 and 1. */
export function betweenZeroAndOne(text: string): number {
  const value = realNumber(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError("Expected a number above 0 and below 1.");
}

/** Reads a number of at least 0. */
export function fromZero(text: string): number {
  const value = realNumber(text);
  if (value >= 0) return value;
  throw new InvalidArgumentError("Expected a number of at least 0.");
}

/** Options of every command that measures a run on data it wasn't trained on. */
export interface SplitOptions {
  readonly split?: Exclude<SplitName, "train">;
  readonly dataDir?: string;
}

export function withSplit(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--split <name>",
        "data to measure on (default: test; validation, the held-out rows, of a table)",
      ).choices(["test", "validation"]),
    )
    .option("--data-dir <dir>", "folder of the data sets (default: the run's)");
}

export function withThreads(command: Command): Command {
  return command
    .option("--threads <n>", "threads to compute on (default: all)", wholeFrom(1))
    .addOption(
      new Option("--device <name>", "what computes; auto: the faster one (default: cpu)").choices(
        devices,
      ),
    );
}

/** Reads a number of workers; `auto` leaves it to a measurement. */
export function workersOption(text: string): number | "auto" {
  if (text === "auto") return text;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number of at least 1, or auto.");
}

/** Options of every command that inverts a model by iteration. */
export interface InverseOptions {
  readonly steps?: number;
  readonly tolerance?: number;
}

/** The limits of an inverse among a command's options. */
export function limitsOf({ steps, tolerance }: InverseOptions): InverseOptions {
  return {
    ...(steps !== undefined && { steps }),
    ...(tolerance !== undefined && { tolerance }),
  };
}

export function withInverseLimits(command: Command): Command {
  return command
    .option(
      "--steps <n>",
      "most iterations per block (default: what its Lipschitz bound asks for)",
      wholeFrom(1),
    )
    .option(
      "--tolerance <x>",
      "wanted relative error of each block's inverse (default: 1e-6)",
      positiveNumber,
    );
}

export function withJson(command: Command): Command {
  return command.option("--json", "print the results as one line of JSON");
}

const units = { h: 3600, m: 60, s: 1 } as const;

/** Reads a time such as 90s, 30m or 1h30m. */
export function duration(text: string): number {
  const [, h, m, s] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  const seconds = Number(h ?? 0) * units.h + Number(m ?? 0) * units.m + Number(s ?? 0) * units.s;
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError("Expected a time, such as 90s, 30m or 1h30m.");
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
