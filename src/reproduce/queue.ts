import type { Watch } from "../runs/listener.js";
import { finishAll } from "./at-once.js";
import type { ReproductionFolder } from "./folder.js";
import type { Plan } from "./plan.js";
import { finishRow } from "./run.js";
import { secondsOf } from "./share.js";
import type { Finished } from "./table.js";
import type { Task } from "./tasks.js";

/**
 * Finishes the rows, as many at once as planned.
 * @returns them in the order of the tasks; nothing if the user interrupted them, which saves them.
 */
export async function finishRows(
  plan: Plan,
  tasks: readonly Task[],
  folder: ReproductionFolder,
  watch: Watch,
): Promise<readonly Finished[] | undefined> {
  const seconds = new Map(plan.tasks.map((task) => [task.id, secondsOf(task, task.steps)]));
  const options = { ...watch, atOnce: plan.atOnce, lengthOf: ({ id }: Task) => seconds.get(id)! };
  return finishAll(tasks, options, async (task, own): Promise<Finished | undefined> => {
    const result = await finishRow(plan, task, folder, own);
    return result && { task, result };
  });
}
