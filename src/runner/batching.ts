import { sizeOf, type Arrays, type NDArray } from "../tree.js";

/** Most rows that a runner's graphs take at once. */
export const mostPerBatch = 100;

/** Rows `start` to `end` along the first axis; rows past the end repeat the last one. */
export function rows({ shape, data }: NDArray, start: number, end: number): NDArray {
  const [count = 0, ...event] = shape;
  const size = sizeOf(event);
  const part = new Float32Array((end - start) * size);
  const inside = Math.min(end, count);
  part.set(data.subarray(start * size, inside * size));
  const last = data.subarray((count - 1) * size, count * size);
  for (let row = inside; row < end; row++) part.set(last, (row - start) * size);
  return { shape: [end - start, ...event], data: part };
}

/** The arrays one after another along the first axis. */
function concatRows(parts: readonly NDArray[]): NDArray {
  const event = parts[0]?.shape.slice(1) ?? [];
  const count = parts.reduce((total, part) => total + part.shape[0]!, 0);
  const data = new Float32Array(count * sizeOf(event));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return { shape: [count, ...event], data };
}

/** A size for batches of `count` rows: a power of two below {@link mostPerBatch}, as each is traced. */
export function batchSizeFor(count: number): number {
  return Math.min(mostPerBatch, 2 ** Math.ceil(Math.log2(count)));
}

/**
 * Runs `f` on batches of one size, so that it is traced once, and joins what it gives; rows that
 * only fill a batch are dropped. This is the one place that decides how large a batch is.
 *
 * @param args arrays of `count` rows each
 * @param f takes a batch of `size` rows, and the place of its first
 */
export async function inBatches(
  args: Arrays,
  count: number,
  f: (batch: Arrays, start: number, size: number) => Promise<Arrays>,
): Promise<Arrays> {
  const size = batchSizeFor(count);
  const parts: Record<string, NDArray[]> = {};
  for (let start = 0; start < count; start += size) {
    const batch = Object.fromEntries(
      Object.entries(args).map(([name, array]) => [name, rows(array, start, start + size)]),
    );
    const kept = Math.min(size, count - start);
    for (const [name, array] of Object.entries(await f(batch, start, size))) {
      (parts[name] ??= []).push(rows(array, 0, kept));
    }
  }
  return Object.fromEntries(
    Object.entries(parts).map(([name, arrays]) => [name, concatRows(arrays)]),
  );
}
