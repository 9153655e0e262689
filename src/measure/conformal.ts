import { expectKind } from "../border/kinds.js";
import { DataError, UsageError } from "../errors.js";

/**
 * Conformal p-values of an outlier score, from the scores of held-out normal rows: rows like the
 * training rows that training hasn't seen.
 *
 * p = (1 + number of held-out scores that are at least as high)/(n + 1). Of fresh normal rows,
 * P(p ≤ α) ≤ α for every α and whatever the score, as long as they come from where the held-out rows
 * come from; over the draw of both, it is ⌊α(n + 1)⌋/(n + 1) exactly if no scores tie. Given the held-out
 * rows in hand, the rate varies around that with standard deviation √(α(1 − α)/n).
 *
 * @see Vovk, Gammerman and Shafer 2005, Algorithmic learning in a random world, section 2.2;
 * Bates et al. 2023, https://arxiv.org/abs/2104.08279
 */
export class Conformal {
  /** Held-out scores n. */
  readonly count: number;
  readonly #sorted: Float64Array;

  /**
   * @param heldOut scores of held-out normal rows, higher for what is more unusual; infinities are allowed.
   * @throws {DataError} if there are none, or one is NaN.
   */
  constructor(heldOut: ArrayLike<number>) {
    expectKind(heldOut, "list", "Conformal");
    this.count = heldOut.length;
    this.#sorted = Float64Array.from(heldOut).sort();
    const bad = Array.prototype.findIndex.call(heldOut, Number.isNaN);
    if (this.count > 0 && bad < 0) return;
    const got = bad < 0 ? "none" : `NaN in row ${bad}`;
    throw new DataError(`Conformal: expected scores of held-out rows, got ${got}`, {
      name: "heldOut",
    });
  }

  /** The smallest p-value there can be, 1/(n + 1): held-out rows limit what can be claimed. */
  get smallest(): number {
    return 1 / (this.count + 1);
  }

  /** The p-value of one score: 1 for the lowest, 1/(n + 1) above all held-out ones, NaN for NaN. */
  pValue(score: number): number {
    if (Number.isNaN(score)) return NaN;
    return (1 + this.count - this.#below(score)) / (this.count + 1);
  }

  /**
   * The score above which p ≤ rate: flagging what scores higher gives false alarms on at most that part
   * of normal rows. Infinite if the held-out rows are too few for the rate, n + 1 < 1/rate.
   *
   * @param rate of false alarms, in (0, 1).
   * @throws {UsageError} if the rate isn't in (0, 1).
   */
  threshold(rate: number): number {
    if (!(rate > 0 && rate < 1)) {
      throw new UsageError(
        `Conformal.threshold: expected a rate of false alarms in (0, 1), got ${rate}`,
        { name: "rate" },
      );
    }
    // p ≤ rate < 1 means at most this many held-out scores are as high; −1 for none possible.
    const most = Math.min(Math.floor(rate * (this.count + 1) + 1e-9), this.count) - 1;
    return most < 0 ? Infinity : this.#sorted[this.count - 1 - most]!;
  }

  /** How many held-out scores are lower than this one. */
  #below(score: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < score) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
