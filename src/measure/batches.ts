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
  { count = split.count, onProgress }: MeasureOptions,
  f: (rows: Rows, first: number) => Promise<void>,
): Promise<number> {
  const indices = spread(split.count, count);
  for (let first = 0; first < indices.length; first += batchSize) {
    const batch = indices.subarray(first, first + batchSize);
    await f(split.take(batch), first);
    onProgress?.(first + batch.length, indices.length);
  }
  return indices.length;
}

/** `count` indices spread evenly over `total`, or all where there are fewer. */
export function spread(total: number, count: number): Uint32Array {
  const step = Math.max(1, total / count);
  return new Uint32Array(Math.min(total, count)).map((_, i) => Math.floor(i * step));
}
