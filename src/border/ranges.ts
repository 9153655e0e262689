import { UsageError } from "../errors.js";

/** Whole numbers that an option, or a field of a configuration, may be, both ends included. */
export interface WholeRange {
  readonly least: number;
  readonly most: number;
}

const to = (most: number, least = 1): WholeRange => ({ least, most });

/** What is beyond these could only exhaust memory, or never end; it is refused before it begins. */
export const ranges = {
  /** Of one engine. */
  threads: to(1024),
  /** Engines that share a batch: each has a thread and a runtime of its own. */
  workers: to(64),
  /** Trainings under way at once, each with an engine of its own. */
  atOnce: to(64),
  /** Of a log-determinant's series: the graph has a product for each. */
  terms: to(1000),
  probes: to(1000),
  /** Of a training, and between its reports. */
  steps: to(1e9),
  batchSize: to(100_000),
  /** Of a fixed point, in each block. */
  iterations: to(100_000),
  /** Examples that a command holds in memory, or writes a file for each. */
  examples: to(1e6),
  /** Rows that a command draws and writes as they come. */
  draws: to(1e12),
  splits: to(1000),
  /** Anything that a random number is drawn for: a seed, or a place among rows. */
  place: to(Number.MAX_SAFE_INTEGER, 0),
  /** Blocks, couplings or layers one after another. */
  depth: to(1000),
  /** Channels, units, features, classes, or pixels of a side. */
  size: to(2 ** 20),
} as const satisfies Readonly<Record<string, WholeRange>>;

/** `from 1 to 1,000`, or `of at least 0` where every larger number goes. */
export function rangeText({ least, most }: WholeRange): string {
  const text = (n: number): string => n.toLocaleString("en-US");
  return most === Number.MAX_SAFE_INTEGER
    ? `of at least ${text(least)}`
    : `from ${text(least)} to ${text(most)}`;
}

export function isWithin(value: number, { least, most }: WholeRange): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

/** @throws {UsageError} unless `value` is a whole number of the range. */
export function expectWhole(value: number, range: WholeRange, what: string): number {
  if (isWithin(value, range)) return value;
  throw new UsageError(`${what}: expected a whole number ${rangeText(range)}, got ${value}`, {
    name: what.split(": ").at(-1)!,
  });
}
