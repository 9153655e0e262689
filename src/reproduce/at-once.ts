import type { Watch } from "../runs/listener.js";

/**
 * Works on items in their order, so many at once. Once one fails no further one begins, and when
 * those under way have ended, its error is thrown.
 */
export async function workAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const workers = Array.from({ length: atOnce }, async () => {
    try {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    } catch (error) {
      queue.length = 0;
      throw error;
    }
  });
  await Promise.allSettled(workers);
  await Promise.all(workers);
}

export interface FinishOptions<T> extends Watch {
  /** Tasks under way at once. */
  readonly atOnce: number;
  /** How long a task takes, compared with others. */
  readonly lengthOf: (task: T) => number;
}

/**
 * Finishes tasks, so many at once, the longest first, so that no core is left without work for long at
 * the end. One that fails stops the others, which save what they have.
 * @returns what came of each, in their order; nothing if the signal ended one.
 */
export async function finishAll<T extends { readonly id: string }, R>(
  tasks: readonly T[],
  { listener, signal: outer, atOnce, lengthOf }: FinishOptions<T>,
  finish: (task: T, watch: Watch) => Promise<R | undefined>,
): Promise<readonly R[] | undefined> {
  const results = new Map<T, R>();
  const width = Math.max(...tasks.map(({ id }) => id.length));
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  const order = [...tasks].sort((a, b) => lengthOf(b) - lengthOf(a));
  await workAtOnce(order, atOnce, async (task) => {
    if (signal.aborted) return;
    const own = listener.named(task.id.padEnd(width));
    try {
      const result = await finish(task, { listener: own, signal });
      if (result !== undefined) results.set(task, result);
    } catch (error) {
      own.note("Failed, which stops all.");
      failed.abort();
      throw error;
    }
  });
  const finished = tasks.flatMap((task) => results.get(task) ?? []);
  return finished.length === tasks.length ? finished : undefined;
}
