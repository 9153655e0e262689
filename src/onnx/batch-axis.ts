import type { Dimension } from "./proto.js";

/** A whole number that grows with the batch: times·B + rest. */
export interface OfBatch {
  readonly times: number;
  readonly rest: number;
}

/**
 * The axis whose size a model's file leaves open. Graphs have static shapes, so one is traced for a
 * batch of a size B that no other number comes near: each whole number in it is times·B + rest for
 * one pair of small numbers, which the file computes from the size that it is run with.
 *
 * Whether that was all, and no number depends on B in another way, shows in the file: it must be the
 * same whatever B stood for the batch.
 */
export class BatchAxis {
  /** The size B that stands for the batch. */
  readonly standIn: number;
  /** The input whose first axis it is. */
  readonly input: string;

  constructor(standIn: number, input: string) {
    this.standIn = standIn;
    this.input = input;
  }

  /** Nothing for a number without B: one below half of it, or one that is no whole number. */
  split(n: number): OfBatch | undefined {
    const times = Math.round(n / this.standIn);
    if (times === 0 || !Number.isSafeInteger(n)) return undefined;
    return { times, rest: n - times * this.standIn };
  }

  /** A size as the file states it: a number, or text such as `batch`. */
  dimension(n: number): Dimension {
    const parts = this.split(n);
    if (!parts) return n;
    const { times, rest } = parts;
    const product = times === 1 ? "batch" : `${times}*batch`;
    return rest === 0 ? product : `${product} ${rest < 0 ? "-" : "+"} ${Math.abs(rest)}`;
  }
}
