import { expectKind } from "../border/kinds.js";
import { DataError, ShapeError } from "../errors.js";

/** What a density says of rows, one number a row each, in nats. */
export interface LogTerms {
  /** log p(x). */
  readonly logProb: ArrayLike<number>;
  /** ln|det J_f(x)|, the part of log p that isn't the base's log p(f(x)). */
  readonly logDet: ArrayLike<number>;
}

/** Mean and standard deviation of held-out rows. */
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
 * The outlier score of a flow, from two that it gives: surprise −log p(x), and distance
 * −log p_base(f(x)), how far out in the latent space x lies. Each is standardised by held-out normal
 * rows, and the score is their mean: 0 for the usual row, in standard deviations, higher for what
 * is more unusual.
 *
 * Where columns have sharp peaks, log det alone makes log p vary by many nats between rows that are
 * all normal, and drowns what is far out; where rows lie in a thin layer, distance alone misses what
 * is beside it. On the tables of docs/results.md neither is best throughout.
 */
export class FlowOutlierScore {
  /** What the terms are standardised by: plain JSON, from which the score can be made again. */
  readonly spreads: Spreads;

  /**
   * @param heldOut normal rows that training hasn't seen, at least 2; or the spreads of such.
   * @throws {ShapeError} if its arrays differ in length.
   * @throws {DataError} if there are fewer, or a number isn't finite.
   */
  constructor(heldOut: LogTerms | Spreads) {
    expectKind(heldOut, "log terms", "FlowOutlierScore");
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
  of(rows: LogTerms): Float64Array {
    const { surprise, distance } = parts(rows);
    return surprise.map((value, row) =>
      value === Infinity
        ? Infinity
        : (standardised(value, this.spreads.surprise) +
            standardised(distance[row]!, this.spreads.distance)) /
          2,
    );
  }
}

function parts(terms: LogTerms): { surprise: Float64Array; distance: Float64Array } {
  const { logProb, logDet } = terms;
  expectKind(logProb, "list", "FlowOutlierScore");
  expectKind(logDet, "list", "FlowOutlierScore");
  if (logProb.length !== logDet.length) {
    throw new ShapeError(
      `FlowOutlierScore: expected as many log-determinants as log-probabilities, got ${logDet.length} for ${logProb.length}`,
      { name: "logDet" },
    );
  }
  const surprise = Float64Array.from(logProb, (value) => -value);
  return { surprise, distance: surprise.map((value, row) => value + logDet[row]!) };
}

function spread(values: Float64Array): Spread {
  const rows = [...values.keys()].filter((row) => !Number.isFinite(values[row]));
  if (values.length < 2 || rows.length > 0) {
    const got = rows.length > 0 ? `one that isn't finite in row ${rows[0]}` : `${values.length}`;
    throw new DataError(
      `FlowOutlierScore: expected finite terms of at least 2 held-out rows, got ${got}`,
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
