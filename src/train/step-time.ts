import type { Engine } from "../engine/index.js";
import type { Model } from "../models/index.js";
import { Random } from "../random.js";
import { stepsOf, type DataSet } from "../data/index.js";
import { batchesOf } from "./batches.js";
import { parseTrainingConfig, type TrainingOptions } from "./config.js";
import { membersOf } from "./fit-options.js";
import { expectShares, freshArrays } from "./start.js";
import { withTrainingArrays } from "./layout.js";
import { openTrainStep, type ReadyStep } from "./train-step.js";

const rounds = 3;
const secondsPerRound = 0.25;
/** After so many there is no further round. */
const mostSeconds = 3;

/**
 * Seconds that workers need for a step of training, its next batch made meanwhile: the least of a
 * few short rounds. They forget the steps.
 *
 * @throws {UsageError} if the workers can't share a batch equally.
 */
export async function secondsPerStep(
  model: Model,
  data: DataSet,
  training: TrainingOptions,
  workers: readonly [Engine, ...Engine[]],
): Promise<number> {
  const config = parseTrainingConfig(training);
  expectShares(config.batchSize, workers.length);
  const source = await batchesOf(data, model, config);
  const members = membersOf({ engine: workers[0], workers });
  const job = { engine: workers[0], members, model, config, steps: stepsOf(data.preprocessing) };
  const step = await openTrainStep(job, withTrainingArrays(model, freshArrays(job), config));
  const random = Random.fromSeed(config.seed).split("step time");
  let taken = 0;
  const prepare = (): ReadyStep => {
    taken++;
    const parts = members.map(({ transport }) => source.batch(taken, transport));
    return step.prepare(parts, { rate: 0, step: taken }, random.split(taken));
  };
  try {
    let ready = prepare();
    const take = async (): Promise<void> => {
      const running = ready.run();
      await Promise.resolve(); // the step is on its way before this thread is busy
      const next = prepare();
      await running;
      ready = next;
    };
    await take(); // loads the graph, and allocates
    const begin = performance.now();
    const secondsSince = (start: number): number => (performance.now() - start) / 1000;
    let best = Infinity;
    for (let round = 0; round < rounds && secondsSince(begin) < mostSeconds; round++) {
      const [start, before] = [performance.now(), taken];
      do await take();
      while (secondsSince(start) < secondsPerRound);
      best = Math.min(best, secondsSince(start) / (taken - before));
    }
    return best;
  } finally {
    await step.close();
  }
}
