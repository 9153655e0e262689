import { UsageError } from "../../errors.js";

/** A sequence that can be read once: a file that was opened has no second beginning. */
export function once<T>(name: string, sequence: () => AsyncGenerator<T>): () => AsyncGenerator<T> {
  let isRead = false;
  return () => {
    if (isRead) {
      throw new UsageError(
        `${name}: expected to be read once, got a second reading; open the file again`,
        { name },
      );
    }
    isRead = true;
    return sequence();
  };
}

/** The beginning of a sequence, and the sequence with it still in place. */
export interface LookAhead<T> {
  readonly items: readonly T[];
  /** The whole sequence, once. */
  readonly all: () => AsyncGenerator<T>;
  /** Ends the sequence, whether it was read or not. */
  readonly close: () => Promise<void>;
}

/** Reads a sequence until `isEnough` of what was read, or to its end. */
export async function lookAhead<T>(
  sequence: AsyncIterable<T>,
  isEnough: (items: readonly T[]) => boolean,
): Promise<LookAhead<T>> {
  const iterator = sequence[Symbol.asyncIterator]();
  const items: T[] = [];
  const close = async (): Promise<void> => {
    await iterator.return?.();
  };
  try {
    while (!isEnough(items)) {
      const next = await iterator.next();
      if (next.done === true) break;
      items.push(next.value);
    }
  } catch (error) {
    await close();
    throw error;
  }
  async function* all(): AsyncGenerator<T> {
    try {
      yield* items;
      items.length = 0;
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await close();
    }
  }
  return { items, all, close };
}

/** The items of arrays in arrays of `size`, the last one shorter. */
export async function* regrouped<T>(
  groups: AsyncIterable<readonly T[]>,
  size: number,
): AsyncGenerator<T[]> {
  let waiting: T[] = [];
  for await (const group of groups) {
    for (const item of group) {
      waiting.push(item);
      if (waiting.length < size) continue;
      yield waiting;
      waiting = [];
    }
  }
  if (waiting.length > 0) yield waiting;
}
