import type { Compiled } from "../engine/index.js";
import { Random } from "../random.js";
import type { Arrays, NDArray } from "../tree.js";
import type { BatchSource } from "./batches.js";
import { compileStatistics, statisticsOf, type Job } from "./graphs.js";

/** Most batches that statistics are taken from. */
const mostBatches = 64;

/**
 * Takes the statistics of batch normalisation from the training data, where a step leaves moving
 * averages of the last batches. They are those of the first batches of the run, up to 64 or an
 * epoch: the mean of their means, and the mean of their variances plus the variance of their means,
 * which is the variance over all these examples where inputs don't depend on the batch. They are a
 * function of the arrays and the configuration alone, so that a resumed run finds the same ones.
 */
export class Statistics {
  readonly #job: Job;
  readonly #source: BatchSource;
  readonly #names: readonly string[];
  #compiled: Compiled | undefined;

  constructor(job: Job, source: BatchSource) {
    this.#job = job;
    this.#source = source;
    this.#names = statisticsOf(job);
  }

  /**
   * The statistics by the names of the running ones; none for a model without.
   * @param arrays what inference takes
   */
  async settle(arrays: Arrays): Promise<Arrays> {
    if (this.#names.length === 0) return {};
    const { engine, config } = this.#job;
    this.#compiled ??= compileStatistics(this.#job, this.#names);
    const random = Random.fromSeed(config.seed).split("settle");
    const batches = Math.min(mostBatches, Math.floor(this.#source.count / config.batchSize));
    const store = await engine.createStore(arrays);
    try {
      const all: Arrays[] = [];
      for (let i = 0; i < batches; i++) {
        const batch = this.#source.batch(i);
        all.push(await this.#compiled.call(batch, { store, random: random.split(i) }));
      }
      return Object.fromEntries(this.#names.map((name) => [name, settled(name, all)]));
    } finally {
      await store.close();
    }
  }

  async close(): Promise<void> {
    await this.#compiled?.close();
  }
}

const variance = /(^|\.)variance$/;

function settled(name: string, all: readonly Arrays[]): NDArray {
  const { shape, data } = all[0]![name]!;
  const means = variance.test(name) ? name.replace(variance, "$1mean") : undefined;
  return {
    shape,
    data: Float32Array.from(data, (_, i) => {
      const own = meanOf(all, (batch) => batch[name]!.data[i]!);
      if (means === undefined || !all[0]![means]) return own;
      const centre = meanOf(all, (batch) => batch[means]!.data[i]!);
      return own + meanOf(all, (batch) => (batch[means]!.data[i]! - centre) ** 2);
    }),
  };
}

function meanOf(all: readonly Arrays[], of: (batch: Arrays) => number): number {
  return all.reduce((sum, batch) => sum + of(batch), 0) / all.length;
}
