import type { Calibration } from "../data/index.js";
import type { Split } from "../data/index.js";
import { takeSpread } from "../measure/index.js";
import type { Density, Model } from "../models/index.js";
import type { Runner, ScoreOptions } from "../runner/index.js";
import { FlowOutlierScore, type LogTerms } from "./score.js";

/** What a density says of held-out rows. */
export interface HeldOutTerms extends LogTerms {
  readonly logProb: Float32Array;
  readonly logDet: Float32Array;
  /** Rows left out of both: they differ from what never varied in training, and have density 0. */
  readonly beyond: number;
}

/** Most held-out rows that are scored: a p-value can't be smaller than 1/2001 then. */
const mostRows = 2000;
/** Above so many columns a series is cheaper than the exact log-determinant. */
const mostExact = 64;

/** How tables are scored, wherever that happens: one way, or p-values mean nothing. */
export function scoreOptions({ dimensions }: Pick<Density, "dimensions">): ScoreOptions {
  return { invalid: "nan", ...(dimensions <= mostExact && { logDet: "exact" }) };
}

/** Scores a split's rows, evenly spread over it where there are many. */
export async function heldOutTerms<M extends Model & Density>(
  runner: Runner<M>,
  split: Split,
): Promise<HeldOutTerms> {
  const { x } = takeSpread(split, mostRows);
  const scores = await runner.score(x, scoreOptions(runner.model));
  const beyond = new Set(scores.deviations.map(({ row }) => row));
  const isWithin = (_: number, row: number): boolean => !beyond.has(row);
  return {
    logProb: scores.logProb.data.filter(isWithin),
    logDet: scores.logDet.data.filter(isWithin),
    beyond: beyond.size,
  };
}

/**
 * The scales of the outlier score and its values on held-out rows, in order, as a checkpoint keeps them.
 * @throws {DataError} if fewer than two rows have a finite log-probability.
 */
export function calibrate(terms: HeldOutTerms): Calibration {
  const score = new FlowOutlierScore(terms);
  return { ...score.spreads, scores: Array.from(score.of(terms).sort()), beyond: terms.beyond };
}
