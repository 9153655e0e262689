import { expectKind } from "../border/kinds.js";
import { DataError, ShapeError } from "../errors.js";

/** The measurements of rows that a score is made of, one number a row each. */
export interface OutlierTerms {
  /** log p(x) of the flow, in nats. */
  readonly logProb: ArrayLike<number>;
  /** Mean distance to the nearest training rows, in standard deviations of the columns. */
  readonly distance: ArrayLike<number>;
}

/** What is usual in held-out rows, and what one in fifty exceeds. */
export interface Scale {
  readonly median: number;
  /** From the median to the 98 % quantile. */
  readonly tail: number;
}

/** Of each term of the score. */
export interface Scales {
  readonly surprise: Scale;
  readonly distance: Scale;
}

/**
 * The outlier score of a table's rows: the larger of surprise, −log p(x) of the flow, and of the
 * distance to the nearest training rows, each measured by held-out normal rows: 0 is their median, 1
 * what one in fifty of them exceeds. Outliers are told from the most unusual of normal rows, so it is
 * their tail that makes the two comparable, and not their deviation.
 *
 * A flow sees what breaks the shape of the data: a row beside a thin layer that is close to many. But
 * it maps one connected piece onto another, and joins clusters by bridges that no row lies on. Distance
 * sees those. An outlier of either kind counts.
 */
export class OutlierScore {
  /** The scales that the terms are measured by: plain JSON, from which the score can be made again. */
  readonly scales: Scales;

  /**
   * @param heldOut normal rows that training hasn't seen, at least 2; or the scales of such.
   * @throws {ShapeError} if its arrays differ in length.
   * @throws {DataError} if there are fewer, or a number isn't finite.
   */
  constructor(heldOut: OutlierTerms | Scales) {
    expectKind(heldOut, "outlier terms", "OutlierScore");
    if ("surprise" in heldOut) {
      const { surprise, distance } = heldOut;
      this.scales = { surprise, distance };
    } else {
      const { surprise, distance } = parts(heldOut);
      this.scales = { surprise: scaleOf(surprise), distance: scaleOf(distance) };
    }
  }

  /**
   * @returns one number a row: ∞ where log p is −∞, NaN where a term is NaN.
   * @throws {ShapeError} if the arrays differ in length.
   */
  of(rows: OutlierTerms): Float64Array {
    const { surprise, distance } = parts(rows);
    return surprise.map((value, row) =>
      Math.max(
        measured(value, this.scales.surprise),
        measured(distance[row]!, this.scales.distance),
      ),
    );
  }
}

function parts(terms: OutlierTerms): {
  readonly surprise: Float64Array;
  readonly distance: ArrayLike<number>;
} {
  expectKind(terms, "outlier terms", "OutlierScore");
  const { logProb, distance } = terms;
  expectKind(logProb, "list", "OutlierScore");
  expectKind(distance, "list", "OutlierScore");
  if (logProb.length !== distance.length) {
    throw new ShapeError(
      `OutlierScore: expected as many distances as log-probabilities, got ${distance.length} for ${logProb.length}`,
      { name: "distance" },
    );
  }
  return { surprise: Float64Array.from(logProb, (value) => -value), distance };
}

function scaleOf(given: ArrayLike<number>): Scale {
  const values = Float64Array.from(given);
  const rows = [...values.keys()].filter((row) => !Number.isFinite(values[row]));
  if (values.length < 2 || rows.length > 0) {
    const got = rows.length > 0 ? `one that isn't finite in row ${rows[0]}` : `${values.length}`;
    throw new DataError(
      `OutlierScore: expected finite terms of at least 2 held-out rows, got ${got}`,
      { name: "heldOut", rows },
    );
  }
  values.sort();
  const median = quantile(values, 0.5);
  // Rows that are all alike say nothing about scale.
  return { median, tail: quantile(values, 0.98) - median || values.at(-1)! - median || 1 };
}

/** Between sorted values in proportion. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (place - below) * (high - low);
}

function measured(value: number, { median, tail }: Scale): number {
  return (value - median) / tail;
}
