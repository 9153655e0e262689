import type { Watch } from "../runs/listener.js";
import { workAtOnce } from "./at-once.js";
import type { ReproductionFolder } from "./folder.js";
import type { Plan } from "./plan.js";
import type { RowResult } from "./result.js";
import { finishRow } from "./run.js";
import { secondsOf } from "./share.js";
import type { Finished } from "./table.js";
import type { Task } from "./tasks.js";

/**
 * Finishes the rows, as many at once as planned, the longest first. A row that fails stops the
 * others, which saves them.
 * @returns them in the order of the tasks; nothing if the user interrupted them, which saves them.
 */
export async function finishRows(
  plan: Plan,
  tasks: readonly Task[],
  folder: ReproductionFolder,
  { listener, signal: outer }: Watch,
): Promise<readonly Finished[] | undefined> {
  const results = new Map<Task, RowResult>();
  const width = Math.max(...tasks.map(({ id }) => id.length));
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  await workAtOnce(longestFirst(plan, tasks), plan.atOnce, async (task) => {
    if (signal.aborted) return;
    const own = listener.named(task.id.padEnd(width));
    try {
      const result = await finishRow(plan, task, folder, { listener: own, signal });
      if (result) results.set(task, result);
    } catch (error) {
      own.note("Failed, which stops all rows.");
      failed.abort();
      throw error;
    }
  });
  const finished = tasks.flatMap((task): Finished[] => {
    const result = results.get(task);
    return result ? [{ task, result }] : [];
  });
  return finished.length === tasks.length ? finished : undefined;
}

/** So that no core is left without work for long at the end. */
function longestFirst(plan: Plan, tasks: readonly Task[]): readonly Task[] {
  const seconds = new Map(plan.tasks.map((task) => [task.id, secondsOf(task, task.steps)]));
  return [...tasks].sort((a, b) => seconds.get(b.id)! - seconds.get(a.id)!);
}
