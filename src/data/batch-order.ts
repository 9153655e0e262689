import { UsageError } from "../errors.js";
import type { Random } from "../random.js";

export interface BatchOrderOptions {
  /** Examples in the set. */
  readonly count: number;
  readonly batchSize: number;
  readonly random: Random;
}

/**
 * The order of the examples in training: each epoch is a fresh permutation, cut into batches; the
 * examples that fill no batch are left out of that epoch. A batch depends on the step and the key
 * alone, so a resumed run needs nothing else.
 */
export class BatchOrder {
  readonly stepsPerEpoch: number;
  readonly #options: BatchOrderOptions;
  #current: { readonly epoch: number; readonly order: Uint32Array } | undefined;

  /** @throws {UsageError} if the batch size isn't a whole number from 1 to the count. */
  constructor(options: BatchOrderOptions) {
    const { count, batchSize } = options;
    if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= count)) {
      throw new UsageError(
        `BatchOrder: expected a batch size from 1 to the ${count} examples, got ${batchSize}; ` +
          "choose another batch size",
      );
    }
    this.#options = options;
    this.stepsPerEpoch = Math.floor(count / batchSize);
  }

  /** The epoch of a step, both counted from 0. */
  epoch(step: number): number {
    return Math.floor(step / this.stepsPerEpoch);
  }

  /** Indices of the examples of a step, counted from 0 over all epochs, `[batchSize]`. */
  indices(step: number): Uint32Array {
    const { batchSize } = this.#options;
    const order = this.#epoch(this.epoch(step));
    const start = (step % this.stepsPerEpoch) * batchSize;
    return order.slice(start, start + batchSize);
  }

  #epoch(epoch: number): Uint32Array {
    if (this.#current?.epoch !== epoch) {
      const { count, random } = this.#options;
      const order = random.split("epoch").split(epoch).permutation(count);
      this.#current = { epoch, order };
    }
    return this.#current.order;
  }
}
