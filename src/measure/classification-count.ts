import type { Classification } from "./evaluation.js";
import { RunningMean } from "./running-mean.js";

/** The smallest positive float32: what a probability that vanished counts as. */
export const leastProbability = 2 ** -149;

/** Most classes of which all pairs are counted. */
const mostClasses = 100;
/** Bins of equal width of the probability of the class that is told. */
const bins = 10;

/**
 * Measures a classifier on examples that come in groups, in constant memory: errors with a standard
 * error, mean −log p(class), confusions, and whether classes are right as often as their probability
 * says.
 *
 * A class is wrong unless its probability is above all others. The standard error of the error rate is
 * the posterior deviation under Jeffreys' prior, which isn't 0 where no error was seen. The calibration
 * error is Σ (examples of a bin/all)·|share that is right − mean probability|.
 *
 * @see Guo et al. 2017, On calibration of modern neural networks, eq. 3,
 * https://arxiv.org/abs/1706.04599
 */
export class ClassificationCount {
  readonly #classes: readonly string[];
  readonly #counts: readonly number[][];
  readonly #bins = Array.from({ length: bins }, () => ({ examples: 0, told: 0, right: 0 }));
  readonly #nll = new RunningMean();
  #errors = 0;

  /** @param classes their names */
  constructor(classes: readonly string[]) {
    this.#classes = classes;
    this.#counts = classes.map(() => classes.map(() => 0));
  }

  /**
   * @param probabilities p(class | x), `[examples, classes]`; NaN is wrong
   * @param labels places of the classes; examples of −1 are left out
   */
  add(probabilities: Float32Array, labels: ArrayLike<number>): void {
    const classes = this.#classes.length;
    Array.from(labels).forEach((label, i) => {
      const row = probabilities.subarray(i * classes, (i + 1) * classes);
      const truth = row[label];
      if (truth === undefined) return;
      const isRight = truth > 0 && row.every((p, k) => k === label || p < truth);
      if (!isRight) this.#errors++;
      this.#nll.add(-Math.log(Math.max(truth, leastProbability)));
      const most = Math.max(...row);
      if (Number.isNaN(most)) return;
      this.#counts[label]![row.indexOf(most)]!++;
      const bin = this.#bins[Math.min(bins - 1, Math.floor(most * bins))]!;
      bin.examples++;
      bin.told += most;
      if (isRight) bin.right++;
    });
  }

  /** Examples so far. */
  get examples(): number {
    return this.#nll.count;
  }

  summary(): Classification {
    const { examples } = this;
    const errors = this.#errors;
    const likely = (errors + 0.5) / (examples + 1);
    const filled = this.#bins
      .filter((bin) => bin.examples > 0)
      .map((bin) => ({
        examples: bin.examples,
        probability: bin.told / bin.examples,
        right: bin.right / bin.examples,
      }));
    const distance = filled.reduce(
      (sum, bin) => sum + bin.examples * Math.abs(bin.right - bin.probability),
      0,
    );
    return {
      examples,
      errors,
      errorPercent: (100 * errors) / examples,
      errorStandardError: 100 * Math.sqrt((likely * (1 - likely)) / (examples + 2)),
      nll: this.#nll.mean,
      nllStandardError: this.#nll.standardError,
      ...(this.#classes.length <= mostClasses && {
        confusion: { classes: this.#classes, counts: this.#counts },
      }),
      calibration: { error: distance / examples, bins: filled },
    };
  }
}
