import { DataError, ShapeError } from "../errors.js";

/** What is known of rows, one number a row each. */
export interface OutlierTerms {
  /** log p(x) of the flow, in nats. */
  readonly logProb: ArrayLike<number>;
  /** Mean distance to the nearest training rows, in standard deviations of the columns. */
  readonly distance: ArrayLike<number>;
}

/** Mean and standard deviation over held-out rows. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** Of each term of the score. */
export interface Spreads {
  readonly surprise: Spread;
  readonly distance: Spread;
}

/**
 * The outlier score of a table's rows: the larger of surprise, −log p(x) of the flow, and of the
 * distance to the nearest training rows. Each is first standardised by held-out normal rows, so the
 * score is in standard deviations: about 0 for the usual row, higher for what is more unusual.
 *
 * A flow sees what breaks the shape of the data: a row beside a thin layer that is close to many. But
 * it maps one connected piece onto another, and joins clusters by bridges that no row lies on. Distance
 * sees those. An outlier of either kind counts.
 */
export class OutlierScore {
  /** What the terms are standardised by: plain JSON, from which the score can be made again. */
  readonly spreads: Spreads;

  /**
   * @param heldOut normal rows that training hasn't seen, at least 2; or the spreads of such.
   * @throws {ShapeError} if its arrays differ in length.
   * @throws {DataError} if there are fewer, or a number isn't finite.
   */
  constructor(heldOut: OutlierTerms | Spreads) {
    if ("surprise" in heldOut) {
      const { surprise, distance } = heldOut;
      this.spreads = { surprise, distance };
    } else {
      const { surprise, distance } = parts(heldOut);
      this.spreads = { surprise: spread(surprise), distance: spread(distance) };
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
        standardised(value, this.spreads.surprise),
        standardised(distance[row]!, this.spreads.distance),
      ),
    );
  }
}

function parts({ logProb, distance }: OutlierTerms): {
  readonly surprise: Float64Array;
  readonly distance: ArrayLike<number>;
} {
  if (logProb.length !== distance.length) {
    throw new ShapeError(
      `OutlierScore: expected as many distances as log-probabilities, got ${distance.length} for ${logProb.length}`,
      { name: "distance" },
    );
  }
  return { surprise: Float64Array.from(logProb, (value) => -value), distance };
}

function spread(given: ArrayLike<number>): Spread {
  const values = Array.from(given);
  const rows = [...values.keys()].filter((row) => !Number.isFinite(values[row]));
  if (values.length < 2 || rows.length > 0) {
    const got = rows.length > 0 ? `one that isn't finite in row ${rows[0]}` : `${values.length}`;
    throw new DataError(
      `OutlierScore: expected finite terms of at least 2 held-out rows, got ${got}`,
      { name: "heldOut", rows },
    );
  }
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  // Rows that are all alike say nothing about scale.
  return { mean, deviation: Math.sqrt(squares / values.length) || 1 };
}

function standardised(value: number, { mean, deviation }: Spread): number {
  return (value - mean) / deviation;
}
