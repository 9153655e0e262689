import { expectKind } from "../border/kinds.js";
import { ShapeError } from "../errors.js";
import { auroc } from "./roc.js";

/** The outcome of flagging p-values of at most `rate`. */
export interface DetectionRate {
  readonly rate: number;
  /** Part of the outliers that is flagged. */
  readonly detected: number;
  /** Part of the normal rows that is flagged. */
  readonly falseAlarms: number;
}

/** How well a score tells outliers from normal rows. */
export interface Detection {
  readonly normals: number;
  readonly outliers: number;
  /** Area under the ROC curve, see {@link auroc}. */
  readonly auroc: number;
  readonly rates: readonly DetectionRate[];
}

/**
 * Measures a score on labelled rows.
 *
 * @param scores one a row, higher for what is more unusual
 * @param pValues one a row
 * @param outliers for each row, whether it is an outlier
 * @param rates of false alarms that p-values promise, to be compared with those there are
 * @throws {ShapeError} if the arrays differ in length.
 * @throws {DataError} if a score is NaN, or either kind of row is missing.
 */
export function measureDetection(
  scores: ArrayLike<number>,
  pValues: ArrayLike<number>,
  outliers: readonly boolean[],
  rates: readonly number[] = [0.01, 0.05],
): Detection {
  for (const list of [scores, pValues, outliers, rates])
    expectKind(list, "list", "measureDetection");
  if (pValues.length !== scores.length) {
    throw new ShapeError(
      `measureDetection: expected as many p-values as scores, got ${pValues.length} for ${scores.length}`,
      { name: "pValues" },
    );
  }
  const area = auroc(scores, outliers);
  const count = outliers.filter(Boolean).length;
  const share = (isOutlier: boolean, rate: number): number => {
    const flagged = outliers.filter((one, row) => one === isOutlier && pValues[row]! <= rate);
    return flagged.length / (isOutlier ? count : outliers.length - count);
  };
  return {
    normals: outliers.length - count,
    outliers: count,
    auroc: area,
    rates: rates.map((rate) => ({
      rate,
      detected: share(true, rate),
      falseAlarms: share(false, rate),
    })),
  };
}
