import {
  prepare,
  type Calibration,
  type Deviation,
  type Halves,
  type Split,
} from "../data/index.js";
import { DataError } from "../errors.js";
import { evaluate, mean, neighbourDistances } from "../measure/index.js";
import { takeSpread } from "../measure/batches.js";
import { usualNeighbours } from "../measure/neighbours.js";
import type { Density } from "../models/index.js";
import { expectAbility, type AnyRunner, type ScoreOptions, type Scores } from "../runner/index.js";
import type { NumberArray } from "../tree.js";
import { OutlierScore, type OutlierTerms } from "./score.js";

/** Most held-out rows that choose, and that calibrate: a p-value can't be smaller than 1/2001 then. */
export const mostHeldOut = 2000;
/** Above so many columns a series is cheaper than the exact log-determinant. */
const mostExact = 64;
/** How many training rows a checkpoint keeps as neighbours, and in how many numbers unless there are few. */
const kept = { most: 1000, least: 50, numbers: 200_000 } as const;

/** How tables are scored, wherever that happens: one way, or p-values mean nothing. */
export function scoreOptions({ dimensions }: Pick<Density, "dimensions">): ScoreOptions {
  return { invalid: "nan", ...(dimensions <= mostExact && { logDet: "exact" }) };
}

type Places = Pick<ScoreOptions, "first" | "places">;

/** {@link OutlierTerms} of rows, with what deviates from what never varied in training. */
export interface RowTerms extends OutlierTerms {
  /** −∞ for rows that deviate, NaN for those that can't be scored. */
  readonly logProb: Float64Array;
  readonly distance: Float64Array;
  readonly deviations: readonly Deviation[];
}

/** Rows in the data's own columns, with what a conditional model needs beside them. */
export interface GivenRows {
  readonly x: NumberArray;
  readonly condition?: NumberArray;
}

/**
 * @param rows in the data's own columns
 * @param neighbours a calibration's
 * @param places of the rows, see {@link ScoreOptions}
 */
export async function rowTerms(
  runner: AnyRunner,
  rows: GivenRows,
  neighbours: Calibration["neighbours"],
  places: Places = {},
): Promise<RowTerms> {
  const { logProb, deviations } = await scored(runner, rows, places);
  return {
    logProb: Float64Array.from(logProb.data),
    distance: rowDistances(runner, rows.x, neighbours),
    deviations,
  };
}

/** Mean distance of each row to the nearest of a calibration's neighbours, as the model takes rows. */
export function rowDistances(
  runner: AnyRunner,
  rows: NumberArray,
  neighbours: Calibration["neighbours"],
): Float64Array {
  const { x } = prepare(rows, runner.data?.preprocessing, "middles");
  const columns = x.shape[1]!;
  const reference = { shape: [neighbours.length / columns, columns], data: neighbours };
  return neighbourDistances(x, reference, Math.min(usualNeighbours, reference.shape[0]!));
}

/**
 * Mean log-likelihood of a split's rows, in nats: of a density log p(x | condition), of a classifier
 * log p(class | x), of a hybrid minus what it minimises. Rows that differ from what never varied in
 * training count in none.
 */
export async function heldOutLikelihood(runner: AnyRunner, split: Split): Promise<number> {
  if (runner.model.task === "density") {
    const { logProb, deviations } = await scored(runner, takeSpread(split, mostHeldOut));
    return mean(Array.from(logProb.data).filter(within(deviations)));
  }
  const evaluation = await evaluate(runner, split, { count: mostHeldOut });
  if (evaluation.task === "classification") return -evaluation.nll;
  return evaluation.task === "hybrid" ? -evaluation.objective : NaN;
}

/**
 * What a checkpoint keeps to score rows, where the model has a density: some training rows, the scales
 * of the score's terms by the rows that choose, and the scores of those that calibrate in order.
 *
 * @throws {DataError} if fewer than two of the rows that choose have a finite log-probability, or the
 * score of one that calibrates isn't finite.
 */
export async function calibrationOf(
  runner: AnyRunner,
  { train, choosing, calibrating }: Halves<Split> & { readonly train: Split },
): Promise<Calibration | undefined> {
  if (!runner.model.density) return undefined;
  const neighbours = neighboursOf(train, runner);
  const usual = await usualTerms(runner, choosing, neighbours);
  const known = await usualTerms(runner, calibrating, neighbours);
  const score = new OutlierScore(usual);
  const scores = score.of(known).sort();
  const bad = scores.find((one) => !Number.isFinite(one));
  if (bad !== undefined) {
    throw new DataError(
      `fitTable: expected finite scores of held-out rows, got ${bad}; leave out rows that lie far beyond the others`,
      { name: "heldOut" },
    );
  }
  return { ...score.scales, neighbours, scores: Array.from(scores), beyond: known.beyond };
}

/** Terms of a split's rows but for those `beyond`, which deviate from what never varied in training. */
async function usualTerms(
  runner: AnyRunner,
  split: Split,
  neighbours: Calibration["neighbours"],
): Promise<OutlierTerms & { readonly beyond: number }> {
  const rows = takeSpread(split, mostHeldOut);
  const { logProb, distance, deviations } = await rowTerms(runner, rows, neighbours);
  const isWithin = within(deviations);
  const usual = logProb.filter(isWithin);
  return {
    logProb: usual,
    distance: distance.filter(isWithin),
    beyond: logProb.length - usual.length,
  };
}

function scored(
  runner: AnyRunner,
  { x, condition }: GivenRows,
  places: Places = {},
): Promise<Scores> {
  const density = expectAbility(runner.model, "density", "scoreRows");
  return runner.score(x, {
    ...scoreOptions(density),
    ...places,
    ...(condition && { condition }),
  });
}

/** Training rows, evenly spread over all, standardised, to four decimals. */
function neighboursOf(train: Split, runner: AnyRunner): number[] {
  const columns = runner.model.dimensions;
  const count = Math.min(kept.most, Math.max(kept.least, Math.floor(kept.numbers / columns)));
  const { x } = prepare(takeSpread(train, count).x, runner.data?.preprocessing, "middles");
  return Array.from(x.data, (value) => Math.round(value * 1e4) / 1e4);
}

function within(deviations: readonly Deviation[]): (value: number, row: number) => boolean {
  const beyond = new Set(deviations.map(({ row }) => row));
  return (_, row) => !beyond.has(row);
}
