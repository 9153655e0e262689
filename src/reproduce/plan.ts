import * as z from "zod";
import { ranges } from "../border/ranges.js";
import { devices } from "../engine/node.js";
import { describeData } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { UsageError } from "../errors.js";
import { Random } from "../random.js";
import { whole } from "../models/config.js";
import { secondsPerStep } from "../train/step-time.js";
import { evaluateRun } from "../runs/outcome.js";
import { withEngine } from "../runs/engine.js";
import { openModel } from "../runner/index.js";
import { prepareRun, type PreparedRun } from "../runs/prepare.js";
import type { Listener } from "../runs/listener.js";
import { formatDuration, formatNumber, table } from "../text.js";
import { validatedOn } from "../runs/validator.js";
import { withWorkers } from "../runs/workers.js";
import { workAtOnce } from "./at-once.js";
import { presetConfig, validations, type Common } from "./settings.js";
import { leastSeconds, secondsOf, shareBudget, totalSeconds, type Need } from "./share.js";
import { reproductionNames, type Task } from "./tasks.js";

const taskPlan = z.object({
  id: z.string(),
  steps: whole(ranges.steps),
  presetSteps: whole(ranges.steps),
  secondsPerStep: z.number().positive(),
  evaluationSeconds: z.number().nonnegative(),
  workers: whole(ranges.workers),
  checkpointEvery: whole(ranges.steps),
});

export const planSchema = z.object({
  reproduction: z.enum(reproductionNames),
  /** The command line that began it. */
  command: z.string(),
  /** As the user chose them; absent for the usual ones. */
  data: z.string().optional(),
  rows: z.array(z.string()).readonly().optional(),
  budgetSeconds: z.number().positive(),
  seed: whole(ranges.place),
  threads: whole(ranges.threads),
  device: z.enum(devices).optional(),
  /** Rows under way at once; if more than one, each has one thread. */
  atOnce: whole(ranges.atOnce),
  /** Of each row, if the user chose; its own otherwise. */
  workers: whole(ranges.workers).optional(),
  tasks: z.array(taskPlan).readonly(),
});

/** What a reproduction is going to do, made once: resumed, it does the same. */
export type Plan = Readonly<z.output<typeof planSchema>>;
export type TaskPlan = Plan["tasks"][number];

const secondsBetweenCheckpoints = 60;
/** Share of the budget that is kept for inverses, pictures and what takes longer than measured. */
const reserve = 1 / 6;
/** Examples that the speed of evaluation is measured on. */
const probed = 100;

/**
 * Measures how fast each row trains and evaluates on this machine, and shares the budget.
 * @throws {DataError} if the data are missing or damaged.
 * @throws {UsageError} if the budget is too small for the rows, naming one that isn't.
 */
export async function makePlan(
  request: Omit<Plan, "tasks">,
  tasks: readonly Task[],
  listener: Listener,
): Promise<Plan> {
  const { budgetSeconds, atOnce } = request;
  const begun = performance.now();
  const common = commonOf(request);
  const speeds = new Map<string, Speed>();
  const different = new Map(tasks.map((task) => [speedKey(task), task]));
  await workAtOnce([...different], atOnce, async ([key, task]) => {
    listener.note(`Measuring how fast ${task.id} is.`);
    await withEngine(common, async (engine) => {
      speeds.set(key, await measure(engine, task, common, listener.named(task.id)));
    });
  });
  const measured = tasks.map((task) => ({ id: task.id, ...speeds.get(speedKey(task))! }));
  const spent = (performance.now() - begun) / 1000;
  const needed = spent + leastSeconds(measured, atOnce) / (1 - reserve);
  if (needed > budgetSeconds) {
    throw new UsageError(
      `--budget: expected time for a hundredth of each preset's steps and the tests, got ${formatDuration(budgetSeconds)}; take at least --budget ${budgetText(1.2 * needed)}, or fewer --rows`,
      { name: "budget" },
    );
  }
  const steps = shareBudget((budgetSeconds - spent) * (1 - reserve), measured, atOnce);
  return {
    ...request,
    tasks: measured.map((task, i) => ({
      ...task,
      steps: steps[i]!,
      checkpointEvery: Math.ceil(secondsBetweenCheckpoints / task.secondsPerStep),
    })),
  };
}

/** Seconds as `--budget` takes them, rounded up. */
function budgetText(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)}s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h${minutes % 60}m`;
}

interface Speed extends Need {
  readonly workers: number;
}

/** Rows with the same key are equally fast: neither the size of a bound nor a toy's shape matters. */
function speedKey({ row: { preset, c } }: Task): string {
  return c === null ? `${preset} without a bound` : preset;
}

/** What the runs of a plan have in common. */
export function commonOf({ seed, threads, device, atOnce, workers }: Omit<Plan, "tasks">): Common {
  if (atOnce > 1) return { seed, threads: 1, workers: 1 };
  return {
    seed,
    threads,
    ...(device && { device }),
    ...(workers !== undefined && { workers }),
  };
}

async function measure(
  engine: Engine,
  task: Task,
  common: Common,
  listener: Listener,
): Promise<Speed> {
  const prepared = await prepareRun(presetConfig(task, common));
  const { config, model, data } = prepared;
  const rate = await withWorkers(engine, prepared, { listener }, async (workers) => ({
    workers: workers.length,
    secondsPerStep: await secondsPerStep(model, data, config.training, workers),
  }));
  return {
    ...rate,
    presetSteps: config.training.steps,
    evaluationSeconds: await evaluationSeconds(engine, prepared, listener),
  };
}

/** Seconds that the validations and the test take, going by the first examples. */
async function evaluationSeconds(
  engine: Engine,
  { config, model, data }: PreparedRun,
  listener: Listener,
): Promise<number> {
  const test = await data.split("test");
  const arrays = model.scope.initialArrays(Random.fromSeed(config.training.seed));
  const runner = await openModel(model, arrays, { engine, data: describeData(data) });
  const count = Math.min(probed, test.count);
  const evaluate = async (): Promise<number> => {
    const start = performance.now();
    await evaluateRun(runner, test, listener, { count });
    return (performance.now() - start) / 1000;
  };
  try {
    await evaluate(); // traces and loads
    const validated = validatedOn(model, await data.split("validation"));
    return ((await evaluate()) * (test.count + validations * validated)) / count;
  } finally {
    await runner.close();
  }
}

/** The plan for people. */
export function planText({ budgetSeconds, threads, atOnce, tasks }: Plan): string {
  const seconds = tasks.map((task) => secondsOf(task, task.steps));
  const total = totalSeconds(seconds, atOnce);
  const rows = tasks.map((task, i) => [
    task.id,
    `${task.steps} of ${task.presetSteps}`,
    `${formatNumber(1 / task.secondsPerStep)} steps/s`,
    String(task.workers),
    formatDuration(task.evaluationSeconds),
    formatDuration(seconds[i]!),
  ]);
  return [
    table([["row", "steps", "rate", "workers", "evaluation", "in all"], ...rows]),
    atOnce > 1
      ? `${atOnce} rows at once, each on a thread of its own, the longest first.`
      : `One row after the other; threads: ${threads}.`,
    `Takes about ${formatDuration(total)} of ${formatDuration(budgetSeconds)}; the rest is for inverses, pictures and what takes longer than measured.`,
  ].join("\n");
}
