import { parseArgs } from "node:util";
import { UsageError } from "../src/errors.js";
import { defaultWidth, makeCase, type Case } from "./cases.js";

/** A case and how to measure it. */
export interface Measurement {
  readonly name: string;
  readonly test: Case;
  readonly batch: number;
  readonly threads: number;
  readonly rounds: number;
}

/** @throws {UsageError} if an option isn't known, or a value isn't what it takes. */
export function parseMeasurement(args: readonly string[]): Measurement {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      batch: { type: "string", default: "32" },
      threads: { type: "string", default: "2" },
      rounds: { type: "string", default: "5" },
      width: { type: "string" },
      twin: { type: "string", default: "neumann" },
    },
  });
  const [name = "classifier"] = positionals;
  const { twin: twinGradient } = values;
  if (twinGradient !== "neumann" && twinGradient !== "series") {
    throw new UsageError(`bench: expected --twin neumann or series, got ${twinGradient}`);
  }
  const batch = wholeNumber("batch", values.batch);
  const width =
    values.width === undefined ? defaultWidth(name) : wholeNumber("width", values.width);
  return {
    name,
    test: makeCase(name, { batch, width, twinGradient }),
    batch,
    threads: wholeNumber("threads", values.threads),
    rounds: wholeNumber("rounds", values.rounds),
  };
}

/** @throws {UsageError} unless `text` is a whole number of at least 1. */
export function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UsageError(`bench: expected a whole number of at least 1 for --${option}, got ${text}`);
}

/**
 * Options that are whole numbers.
 * @throws {UsageError} if one isn't known or isn't a whole number of at least 1.
 */
export function wholeNumbers<K extends string>(
  args: readonly string[],
  defaults: Readonly<Record<K, number>>,
): Record<K, number> {
  const names = Object.keys(defaults) as K[];
  const { values } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      names.map((name) => [name, { type: "string" as const, default: String(defaults[name]) }]),
    ),
  });
  const entries = names.map((name) => [name, wholeNumber(name, String(values[name]))]);
  return Object.fromEntries(entries) as Record<K, number>;
}
