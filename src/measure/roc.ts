import { expectKind } from "../border/kinds.js";
import { DataError, ShapeError } from "../errors.js";

/** A point of a ROC curve: what happens if all with a score of at least `threshold` are flagged. */
export interface RocPoint {
  /** Infinite at the first point, where nothing is flagged. */
  readonly threshold: number;
  /** Part of the outliers that is flagged, in [0, 1]. */
  readonly truePositiveRate: number;
  /** Part of the normals that is flagged, in [0, 1]. */
  readonly falsePositiveRate: number;
}

/**
 * The receiver operating characteristic of an outlier score, from (0, 0) to (1, 1), one point for
 * each distinct score. It needn't be kept short for a picture: straight runs stay in.
 *
 * @param scores one number a row, higher for what is more unusual; infinities are allowed.
 * @param outliers for each row, whether it is an outlier.
 * @throws {ShapeError} if the two differ in length.
 * @throws {DataError} if a score is NaN, or either kind of row is missing.
 * @see Fawcett 2006, An introduction to ROC analysis, algorithm 1,
 * https://doi.org/10.1016/j.patrec.2005.10.010
 */
export function rocCurve(scores: ArrayLike<number>, outliers: ArrayLike<boolean>): RocPoint[] {
  return pointsOf(scores, outliers, "rocCurve");
}

function pointsOf(
  scores: ArrayLike<number>,
  outliers: ArrayLike<boolean>,
  where: string,
): RocPoint[] {
  const { order, positives, negatives } = ranked(scores, outliers, where);
  const points: RocPoint[] = [{ threshold: Infinity, truePositiveRate: 0, falsePositiveRate: 0 }];
  let [hits, alarms] = [0, 0];
  order.forEach((row, i) => {
    if (outliers[row]) hits++;
    else alarms++;
    const next = order[i + 1];
    if (next !== undefined && scores[next] === scores[row]) return;
    points.push({
      threshold: scores[row]!,
      truePositiveRate: hits / positives,
      falsePositiveRate: alarms / negatives,
    });
  });
  return points;
}

/**
 * Area under the ROC curve: the probability that an outlier scores higher than a normal row, ties
 * counted half. 1 is perfect, ½ is chance.
 *
 * @param scores one number a row, higher for what is more unusual; infinities are allowed.
 * @param outliers for each row, whether it is an outlier.
 * @throws {ShapeError} if the two differ in length.
 * @throws {DataError} if a score is NaN, or either kind of row is missing.
 */
export function auroc(scores: ArrayLike<number>, outliers: ArrayLike<boolean>): number {
  const points = pointsOf(scores, outliers, "auroc");
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    const height = (a.truePositiveRate + b.truePositiveRate) / 2;
    area += (b.falsePositiveRate - a.falsePositiveRate) * height;
  }
  return area;
}

/** Rows from the highest score down, and how many there are of each kind. */
function ranked(
  scores: ArrayLike<number>,
  outliers: ArrayLike<boolean>,
  where: string,
): { order: Uint32Array; positives: number; negatives: number } {
  expectKind(scores, "list", `${where}: scores`);
  expectKind(outliers, "list", `${where}: outliers`);
  const count = scores.length;
  if (outliers.length !== count) {
    throw new ShapeError(
      `${where}: expected as many outlier marks as scores, got ${outliers.length} for ${count}`,
      { name: "outliers" },
    );
  }
  const order = new Uint32Array(count).map((_, i) => i);
  const bad = order.find((i) => Number.isNaN(scores[i]));
  if (bad !== undefined) {
    throw new DataError(`${where}: expected scores, got NaN in row ${bad}; leave that row out`, {
      name: "scores",
      rows: [bad],
    });
  }
  const positives = order.reduce((total, i) => total + (outliers[i] ? 1 : 0), 0);
  const negatives = count - positives;
  if (positives === 0 || negatives === 0) {
    throw new DataError(
      `${where}: expected outliers and normal rows, got ${positives} and ${negatives}`,
      { name: "outliers" },
    );
  }
  // A comparison, since ∞ − ∞ is NaN.
  order.sort((a, b) => Number(scores[b]! > scores[a]!) - Number(scores[b]! < scores[a]!));
  return { order, positives, negatives };
}
