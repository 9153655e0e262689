import { CheckpointError, DataError, ShapeError, UsageError } from "../errors.js";
import { convergeNorms, type Model } from "../models/index.js";
import { Random } from "../random.js";
import { sameShape, type Arrays } from "../tree.js";
import type { BatchSource } from "./batches.js";
import {
  expectArrays,
  expectModel,
  type Checkpoint,
  type TrainingState,
} from "../checkpoint/checkpoint.js";
import type { TrainingConfig } from "./config.js";
import { firstNonFinite } from "./divergence.js";
import { storedShapes, withTrainingArrays } from "./kept-arrays.js";
import { compileInitialisation, type Job } from "./graphs.js";

/** First values of a model's variables: a function of the seed. */
export function freshArrays({ model, config }: Job): Arrays {
  return model.scope.initialArrays(Random.fromSeed(config.seed).split("model"));
}

/**
 * The arrays that a run starts from: fresh ones, once the norms have settled, and ActNorm and the
 * like are set from examples.
 *
 * @throws {DataError} if an example isn't finite.
 * @throws {LipschitzError} if the norms don't settle.
 */
export async function initialArrays(job: Job, source: BatchSource): Promise<Arrays> {
  const { engine, model, config } = job;
  const examples = source.examples(config.initialExamples);
  expectBatch(examples, model);
  const bad = firstNonFinite(examples);
  if (bad !== undefined) {
    throw new DataError(
      `fit: expected finite examples, got NaN or an infinite value in ${bad}; check the data`,
    );
  }
  const store = await engine.createStore(freshArrays(job));
  const initialisation = compileInitialisation(job);
  try {
    await convergeNorms(engine, model, store);
    const random = Random.fromSeed(config.seed).split("initialise");
    await initialisation.call(examples, { store, random });
    return withTrainingArrays(model, await store.read(), config);
  } finally {
    await initialisation.close();
    await store.close();
  }
}

/**
 * The state of a run that a checkpoint continues.
 *
 * @throws {CheckpointError} if it is of another model or optimizer, or was never in training.
 * @throws {UsageError} if its seed isn't the configuration's.
 */
export function resumedState(
  checkpoint: Checkpoint,
  model: Model,
  config: TrainingConfig,
): TrainingState {
  const { training } = checkpoint;
  if (!training) {
    throw new CheckpointError(
      "fit: expected a checkpoint of a training run, got one without a training state; start afresh",
    );
  }
  if (training.seed !== config.seed) {
    throw new UsageError(
      `fit: expected the checkpoint's seed ${training.seed}, got ${config.seed}; use that seed, or start afresh`,
    );
  }
  const where = "fit: the checkpoint to resume";
  expectModel(checkpoint, model, where);
  expectArrays(checkpoint, storedShapes(model, config), where);
  return training;
}

/** @throws {ShapeError} if the batch isn't what the model takes, all with equally many examples. */
export function expectBatch(batch: Arrays, model: Model): void {
  const size = Object.values(batch)[0]?.shape[0] ?? 0;
  for (const [name, event] of Object.entries(model.batch)) {
    const shape = batch[name]?.shape;
    if (shape && size > 0 && sameShape(shape, [size, ...event])) continue;
    throw new ShapeError(
      `fit: expected a batch with ${name} of shape [B, ${event.join(", ")}], got ${shape ? `[${shape}]` : `only ${Object.keys(batch).join(", ")}`}; check the data and the model's shape`,
    );
  }
}

/** @throws {UsageError} if the batch hasn't as many examples as the configuration says. */
export function expectBatchSize(batch: Arrays, batchSize: number): void {
  const size = Object.values(batch)[0]?.shape[0];
  if (size === batchSize) return;
  throw new UsageError(
    `fit: expected batches of batchSize ${batchSize}, got one of ${size} examples; give the source and the configuration the same size`,
  );
}

/** @throws {UsageError} if workers can't share a batch equally. */
export function expectShares(batchSize: number, workers: number): void {
  if (workers >= 1 && batchSize % workers === 0) return;
  throw new UsageError(
    `fit: expected a number of workers that divides the batch of ${batchSize}, got ${workers}; choose another number of workers or another batchSize`,
  );
}
