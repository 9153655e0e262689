import type { Calibration } from "../data/index.js";
import type { Split } from "../data/index.js";
import { evaluate, mean, takeSpread } from "../measure/index.js";
import type { Density } from "../models/index.js";
import { expectAbility, type AnyRunner, type ScoreOptions } from "../runner/index.js";
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

/**
 * Mean log-likelihood of a split's rows, in nats: of a density log p(x | condition), of a classifier
 * log p(class | x), of a hybrid minus what it minimises.
 */
export async function heldOutLikelihood(runner: AnyRunner, split: Split): Promise<number> {
  const { task } = runner.model;
  if (task === "density") return mean(Array.from((await heldOutTerms(runner, split)).logProb));
  const evaluation = await evaluate(runner, split, { count: Math.min(mostRows, split.count) });
  if (evaluation.task === "classification") return -evaluation.nll;
  return evaluation.task === "hybrid" ? -evaluation.objective : NaN;
}

/** What held-out rows say of outlier scores, where the model has any. */
export async function calibrationOf(
  runner: AnyRunner,
  split: Split,
): Promise<Calibration | undefined> {
  return runner.model.density && calibrate(await heldOutTerms(runner, split));
}

/** Scores a split's rows, evenly spread over it where there are many. */
export async function heldOutTerms(runner: AnyRunner, split: Split): Promise<HeldOutTerms> {
  const { x, condition } = takeSpread(split, mostRows);
  const density = expectAbility(runner.model, "density", "fitTable");
  const scores = await runner.score(x, {
    ...scoreOptions(density),
    ...(condition && { condition }),
  });
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
