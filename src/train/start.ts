import { expectArray, expectFinite } from "../border/arrays.js";
import { describeData, type DataSet } from "../data/index.js";
import { CheckpointError, DataError, UsageError } from "../errors.js";
import { convergeNorms, type Model } from "../models/index.js";
import { Random } from "../random.js";
import type { Arrays } from "../tree.js";
import type { BatchSource } from "./batches.js";
import {
  expectArrays,
  expectModel,
  type Checkpoint,
  type TrainingState,
} from "../checkpoint/checkpoint.js";
import { firstNonFinite } from "./divergence.js";
import { withoutSettled } from "../checkpoint/stored-arrays.js";
import { Layout, withTrainingArrays } from "./layout.js";
import { compileInitialisation, statisticsOf, type Job } from "./graphs.js";

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
  for (const [name, array] of Object.entries(examples)) {
    expectFinite(array, { where: "fit: the first examples", name });
  }
  const store = await engine.createStore(freshArrays(job));
  const initialisation = compileInitialisation(job);
  try {
    await convergeNorms(engine, model, store);
    const random = Random.fromSeed(config.seed).split("initialise");
    await initialisation.call(examples, { store, random });
    const arrays = await store.read();
    expectFiniteStart(arrays, examples);
    return withTrainingArrays(model, arrays, config);
  } finally {
    await initialisation.close();
    await store.close();
  }
}

/** @throws {DataError} naming an array that the first examples made infinite, and how large they are. */
function expectFiniteStart(arrays: Arrays, { x }: Arrays): void {
  const name = firstNonFinite(arrays);
  if (name === undefined) return;
  const largest = x!.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  throw new DataError(
    `fit: expected examples that a model can start from, got ${name} with NaN or an infinite value from x of up to ${largest.toPrecision(3)}; bring the data to a smaller unit`,
    { name },
  );
}

/**
 * The state of a run that a checkpoint continues.
 *
 * @throws {CheckpointError} if it is of another model or optimizer, or was never in training.
 * @throws {UsageError} if its seed isn't the configuration's.
 */
export function resumedState(
  checkpoint: Checkpoint,
  { model, config, data }: Pick<Job, "model" | "config"> & { readonly data: DataSet },
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
  const arrays = withoutSettled(checkpoint.arrays);
  expectArrays({ arrays }, new Layout(model, config).shapes(), where);
  const { preprocessing } = describeData(data);
  const text = JSON.stringify(preprocessing);
  if (checkpoint.data && JSON.stringify(checkpoint.data.preprocessing) !== text) {
    throw new CheckpointError(
      `${where}: expected the data it began with, ${checkpoint.data.name}, got ${data.name} with another preprocessing; give it the same training rows`,
    );
  }
  return training;
}

/**
 * @param rows as many as there must be; any unless given
 * @throws {ShapeError} if the batch isn't what the model takes, all with equally many examples.
 */
export function expectBatch(batch: Arrays, model: Model, rows?: number): void {
  const size = rows ?? batch.x?.shape[0] ?? 0;
  for (const [name, event] of Object.entries(model.batch)) {
    expectArray(batch[name], { where: "fit: a batch", name, event, rows: size });
  }
}

/** @throws {UsageError} if those who take the steps can't share a batch equally. */
export function expectShares(batchSize: number, workers: number): void {
  if (workers >= 1 && batchSize % workers === 0) return;
  throw new UsageError(
    `fit: expected a number of workers or processes that divides the batch of ${batchSize}, got ${workers}; choose another number of them or another batchSize`,
  );
}

/**
 * Fewest examples that batch normalisation takes statistics of. A density is the more sensitive, as
 * its log-determinant holds their logarithm: on points of moons that it wasn't trained on, MAF of 5
 * layers had 3.0, 15 and 4,200 nats after 1,000 steps of 8 examples, from three seeds, and 10⁷ after
 * 7,500; it had 2.66 after 3,750 steps of 16 and 2.58 after 1,875 of 32. Real NVP of 6 couplings had
 * 2.9 to 4.6, 2.69 and 2.57.
 */
const fewestForStatistics = { density: 16, classifier: 8 } as const;

/** @throws {UsageError} if batch normalisation would take statistics of too few examples. */
export function expectEnough(job: Job): void {
  const { model, config } = job;
  const fewest = fewestForStatistics[model.density ? "density" : "classifier"];
  const name = config.batchSize < fewest ? "batchSize" : "initialExamples";
  if (config[name] >= fewest || statisticsOf(job).length === 0) return;
  throw new UsageError(
    `fit: expected a batchSize and initialExamples of at least ${fewest} for the batch normalisation of ${model.kind}, got ${name} ${config[name]}; take larger batches, or a model without it`,
    { name },
  );
}
