import { expectKind } from "../border/kinds.js";
import { expectWhole, ranges } from "../border/ranges.js";
import type { Rows, Split } from "../data/index.js";
import { mostPerBatch as batchSize } from "../runner/index.js";

export interface MeasureOptions {
  /** Examples, evenly spread over the split; all unless given. */
  readonly count?: number;
  /** Called after each batch with the examples done and those in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Hands the examples to `f`, a batch at a time, with the place of the first among them. */
export async function eachBatch(
  split: Split,
  { count, onProgress }: MeasureOptions,
  f: (rows: Rows, first: number) => Promise<void>,
): Promise<number> {
  const indices = spread(split, count);
  for (let first = 0; first < indices.length; first += batchSize) {
    const batch = indices.subarray(first, first + batchSize);
    await f(split.take(batch), first);
    onProgress?.(first + batch.length, indices.length);
  }
  return indices.length;
}

/**
 * `count` rows spread evenly over a split, or all where there are fewer, or unless given.
 * @throws {UsageError} unless `count` is a whole number of at least 1.
 */
export function takeSpread(split: Split, count?: number): Rows {
  const indices = spread(split, count);
  return split.take(indices);
}

/** Places of those rows. */
export function spread(split: Split, count = Infinity): Uint32Array {
  expectKind(split, "split", "measuring");
  if (count !== Infinity) expectWhole(count, { ...ranges.place, least: 1 }, "measuring: count");
  const step = Math.max(1, split.count / count);
  return new Uint32Array(Math.min(split.count, count)).map((_, i) => Math.floor(i * step));
}
