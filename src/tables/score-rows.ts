import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import type { Calibration, Deviation } from "../data/index.js";
import { UsageError } from "../errors.js";
import { Conformal } from "../measure/index.js";
import type { AnyRunner, ScoreOptions } from "../runner/index.js";
import type { NumberArray } from "../tree.js";
import { rowTerms } from "./held-out.js";
import { OutlierScore } from "./score.js";

/** Scores of rows, each array `[rows]`; NaN for rows that can't be scored. */
export interface RowScores {
  /** log p in nats, of rows in the units of their columns; given the condition. */
  readonly logProb: Float64Array;
  /** {@link OutlierScore}: 0 for the usual row, above 1 for what one in fifty normal rows exceeds. */
  readonly score: Float64Array;
  /**
   * {@link Conformal} p-value of the score: the share of held-out rows that are at least as unusual.
   * Flagging p ≤ α gives false alarms on a share α of normal rows.
   */
  readonly pValue: Float64Array;
  /** Numbers that differ from what never varied in training; log p of their rows is −∞. */
  readonly deviations: readonly Deviation[];
}

/** Places decide the noise that makes whole numbers real. */
export interface ScoreRowsOptions extends Pick<ScoreOptions, "first" | "places"> {
  /** `[rows, K]`, what a conditional model is given beside x. */
  readonly condition?: NumberArray;
}

/**
 * Scores rows by a model that `fitTable` made.
 *
 * @param runner of its checkpoint
 * @param x `[rows, D]` in the columns of the data that it learned; a row with NaN gets NaN
 * @throws {UsageError} if the model wasn't calibrated.
 * @throws {ShapeError} if x is of another shape.
 */
export async function scoreRows(
  runner: AnyRunner,
  x: NumberArray,
  options: ScoreRowsOptions = {},
): Promise<RowScores> {
  expectOptions(options, ["condition", "first", "places"], "scoreRows");
  const calibration = expectCalibrated(runner, "scoreRows");
  const { condition, ...places } = options;
  const rows = { x, ...(condition && { condition }) };
  const terms = await rowTerms(runner, rows, calibration.neighbours, places);
  const score = new OutlierScore(calibration).of(terms);
  const conformal = conformalOf(calibration);
  return {
    logProb: terms.logProb,
    score,
    pValue: score.map((one) => conformal.pValue(one)),
    deviations: terms.deviations,
  };
}

/** Turns scores into p-values, by the scores of held-out rows, some of which lie beyond all others. */
export function conformalOf({ scores, beyond }: Calibration): Conformal {
  return new Conformal([...scores, ...Array<number>(beyond).fill(Infinity)]);
}

/** @throws {UsageError} if the model doesn't know what held-out rows say of its scores. */
export function expectCalibrated(runner: AnyRunner, where: string): Calibration {
  expectKind(runner, "runner", where);
  const { data, model } = runner;
  if (data?.calibration) return data.calibration;
  throw new UsageError(
    `${where}: expected the model of a table with calibrated scores, got ${model.kind} of ${data?.name ?? "unknown data"}; make one with fitTable`,
    { name: model.kind },
  );
}
