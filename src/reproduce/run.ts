import { existsSync } from "node:fs";
import { abortable, isAbort, type Engine } from "../engine/index.js";
import { ConvergenceError, DivergenceError } from "../errors.js";
import { withLock } from "../files/lock.js";
import { openRunner } from "../runner/index.js";
import { withEngine } from "../runs/engine.js";
import { prepareRun, type PreparedRun } from "../runs/prepare.js";
import { writeReport } from "../runs/report.js";
import { openRun } from "../runs/open-run.js";
import {
  readCheckpoint,
  readJson,
  expectTrains,
  readRunConfig,
  writeJson,
  type RunConfig,
  type RunFolder,
} from "../runs/run-folder.js";
import { takeSteps, type Place } from "../runs/train-run.js";
import { describeRun } from "./describe.js";
import type { ReproductionFolder } from "./folder.js";
import { measure } from "./measures.js";
import { commonOf, type Plan, type TaskPlan } from "./plan.js";
import { resultSchema, type Measures, type RowResult } from "./result.js";
import type { Watch } from "../runs/listener.js";
import { presetConfig, shortened } from "./settings.js";
import type { ReproductionName, Task } from "./tasks.js";

/**
 * Trains and measures a row, or goes on with it, or reads what came of it.
 * @returns what came of it; nothing if the signal interrupted it, which saves it.
 */
export async function finishRow(
  plan: Plan,
  task: Task,
  folder: ReproductionFolder,
  { listener, signal }: Watch,
): Promise<RowResult | undefined> {
  const file = folder.row(task.id);
  if (existsSync(file)) return readJson(file, resultSchema);
  const taskPlan = plan.tasks.find(({ id }) => id === task.id)!;
  const place = { folder: folder.run(task.id), listener };
  const config = await configOf(plan, taskPlan, task, place.folder);
  const prepared = await prepareRun(config);
  listener.note(`${config.training.steps} steps of ${config.preset}`);
  const outcome = await withLock(place.folder.path, () =>
    trainAndMeasure(plan, prepared, place, signal),
  );
  if (!outcome) return undefined;
  const checkpoint = await readCheckpoint(place.folder, config);
  const result: RowResult = {
    id: task.id,
    row: task.row.name,
    data: task.data.name,
    ...describeRun(prepared, (await prepared.data.split("train")).count, taskPlan.presetSteps),
    trainingSeconds: checkpoint?.training?.elapsedSeconds ?? 0,
    failure: null,
    ...outcome,
  };
  await writeJson(file, result);
  // As it will be read: JSON has no NaN.
  return readJson(file, resultSchema);
}

/** The configuration that the run began with, or else the planned one. */
async function configOf(
  plan: Plan,
  taskPlan: TaskPlan,
  task: Task,
  folder: RunFolder,
): Promise<RunConfig> {
  if (existsSync(folder.config)) return expectTrains(await readRunConfig(folder));
  const config = shortened(presetConfig(task, commonOf(plan)), taskPlan);
  await writeJson(folder.config, config);
  return config;
}

async function trainAndMeasure(
  { reproduction }: Plan,
  prepared: PreparedRun,
  place: Place,
  signal: AbortSignal,
): Promise<Measures | { readonly failure: string } | undefined> {
  const { config } = prepared;
  return withEngine(config, async (engine) => {
    try {
      const resume = await readCheckpoint(place.folder, config);
      if (resume?.training) place.listener.note(`Going on from step ${resume.training.step}.`);
      const options = { signal, ...(resume && { resume }) };
      if (!(await takeSteps(engine, prepared, place, options))) return undefined;
      return await measureRun(reproduction, abortable(engine, signal), prepared, place);
    } catch (error) {
      // A solver that runs out of steps, as in a flow whose training goes wrong, is one more way.
      if (isAbort(error, signal)) return undefined;
      const isFailure = error instanceof DivergenceError || error instanceof ConvergenceError;
      if (!isFailure) throw error;
      place.listener.warn(error.message);
      return { failure: error.message };
    }
  });
}

async function measureRun(
  name: ReproductionName,
  engine: Engine,
  { data }: PreparedRun,
  place: Place,
): Promise<Measures> {
  const { checkpoint } = await openRun(place.folder.path);
  const runner = await openRunner(checkpoint, { engine });
  const test = await data.split("test");
  const measures = await measure(name, { engine, checkpoint, runner, test, place });
  await runner.close();
  await writeReport(place.folder);
  return measures;
}
