import { expectKind } from "../border/kinds.js";
import { stepsOf, type DataSet } from "../data/index.js";
import { abortable } from "../engine/index.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { withoutSettled } from "../checkpoint/stored-arrays.js";
import type { Model } from "../models/index.js";
import { expectAlike, shareArrays } from "./agree.js";
import { batchesOf } from "./batches.js";
import { parseTrainingConfig, type TrainingOptions } from "./config.js";
import { expectFitOptions, membersOf, ofOthers, type FitOptions } from "./fit-options.js";
import { Run } from "./run.js";
import { expectEnough, expectShares, initialArrays, resumedState } from "./start.js";
import { openTrainStep } from "./train-step.js";

/**
 * Trains a model.
 *
 * The same model, data, configuration, engine and number of workers or processes give the same bits,
 * whether or not the run was interrupted and resumed in between.
 *
 * @param data what to learn: {@link arrayData}, {@link toyData}, or a data set of your own
 * @param training seed, batchSize, steps and all else that decides the result
 * @returns the last checkpoint.
 * @throws {DivergenceError} if a step's loss, gradient or update isn't finite; the state before
 * that step is saved.
 * @throws {UsageError} if an option isn't valid, batches are too small for batch normalisation or
 * too large for the data, those who take the steps can't share them equally, processes don't train
 * the same, or the seed isn't the checkpoint's.
 * @throws {CheckpointError} if the checkpoint isn't of this model, optimizer and data.
 * @throws {DataError} if the data don't fit the model, or the examples for initialisation aren't
 * finite or too large to start from.
 * @throws {ShapeError} if a data set gives rows of another shape than it says.
 * @throws {LipschitzError} if the norms of fresh weights don't settle.
 * @throws the signal's reason if it comes while the first arrays are made: then there is nothing to
 * save. One that is aborted from the start gives a checkpoint of no step.
 */
export async function fit(
  model: Model,
  data: DataSet,
  training: TrainingOptions,
  options: FitOptions,
): Promise<Checkpoint> {
  expectFitOptions(options);
  expectKind(model, "model", "fit");
  expectKind(data, "data set", "fit");
  const config = parseTrainingConfig(training);
  const members = membersOf(options);
  const team = members[0]?.transport;
  expectShares(config.batchSize, team?.size ?? 0);
  const { engine, resume, signal } = options;
  const told = team!.rank === 0 ? options : ofOthers(options);
  const { onWarning = console.warn } = told;
  const source = await batchesOf(data, model, config);
  const job = { engine, members, model, config, steps: stepsOf(data.preprocessing) };
  expectEnough(job);
  const state = resume && resumedState(resume, { ...job, data });
  for (const warning of data.warnings) onWarning(`${data.name}: ${warning}`);
  const isSpread = options.transport !== undefined;
  // Other processes wait for what this one begins with.
  const stop = signal?.aborted || isSpread ? undefined : signal;
  const first = resume
    ? withoutSettled(resume.arrays)
    : await initialArrays({ ...job, engine: abortable(engine, stop) }, source);
  if (isSpread) await expectAlike(job, { data, source, step: state?.step ?? 0, onWarning });
  const arrays = isSpread ? await shareArrays(team!, first) : first;
  const run = new Run({ job, data, source }, told, await openTrainStep(job, arrays), state);
  return run.train().finally(() => run.close());
}
