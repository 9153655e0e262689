import { ShapeError } from "../errors.js";
import { sameShape, sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";

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
export function concatRows(parts: readonly NDArray[]): NDArray {
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

/** The first rows of each array. */
export function firstRows(arrays: Arrays, count: number): Arrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [name, rows(array, 0, count)]),
  );
}

/** A size for batches of `count` rows, up to `most`: a power of two below, as each is traced. */
export function batchSizeFor(count: number, most: number): number {
  return Math.min(most, 2 ** Math.ceil(Math.log2(count)));
}

/**
 * Runs `f` on batches of one size, so that it is traced once, and joins what it gives; rows that
 * only fill a batch are dropped.
 */
export async function inBatches(
  args: Arrays,
  mostPerBatch: number,
  f: (batch: Arrays, index: number) => Promise<Arrays>,
): Promise<Arrays> {
  const count = Object.values(args)[0]?.shape[0] ?? 0;
  const size = batchSizeFor(count, mostPerBatch);
  const parts: Record<string, NDArray[]> = {};
  for (let start = 0; start < count; start += size) {
    const batch = Object.fromEntries(
      Object.entries(args).map(([name, array]) => [name, rows(array, start, start + size)]),
    );
    const results = firstRows(await f(batch, start / size), Math.min(size, count - start));
    for (const [name, array] of Object.entries(results)) (parts[name] ??= []).push(array);
  }
  return Object.fromEntries(
    Object.entries(parts).map(([name, arrays]) => [name, concatRows(arrays)]),
  );
}

/** @throws {ShapeError} if `array` isn't at least one event of this shape. */
export function expectEvents(array: NDArray, event: Shape, where: string): void {
  if (!sameShape(array.shape.slice(1), event) || array.shape[0] === 0) {
    throw new ShapeError(
      `${where}: expected shape [B, ${event.join(", ")}] with B of at least 1, got [${array.shape}]`,
    );
  }
}
