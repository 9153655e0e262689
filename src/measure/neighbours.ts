import { expectArray, expectTable } from "../border/arrays.js";
import { UsageError } from "../errors.js";
import type { NumberArray } from "../tree.js";

/** Neighbours whose distances are averaged, unless given. */
export const usualNeighbours = 5;

/**
 * Mean Euclidean distance of each row to its k nearest reference rows: the outlier score that others
 * are measured by. Columns should have one scale, so standardise them first.
 *
 * Takes N·M·D operations at most, and memory for the answer alone: a distance is given up as soon as
 * it exceeds that of the k-th nearest so far.
 *
 * @param x rows to score, `[M, D]`.
 * @param reference normal rows, `[N, D]`.
 * @param k neighbours, from 1 to N; 5 unless given. A row that is itself in `reference` counts among them.
 * @returns `[M]`, in the units of the columns; NaN for rows with NaN.
 * @throws {ShapeError} if either isn't a table, or they differ in columns.
 * @throws {DataError} if `reference` holds NaN or an infinity.
 * @throws {UsageError} unless k is a whole number from 1 to N.
 * @see Angiulli and Pizzuti 2002, https://doi.org/10.1007/3-540-45681-3_2
 */
export function neighbourDistances(
  x: NumberArray,
  reference: NumberArray,
  k: number = usualNeighbours,
): Float64Array {
  const where = "neighbourDistances";
  const rules = { where, name: "reference" };
  const { data: known, rows: count, columns } = expectTable(reference, rules);
  const { data } = expectArray(x, { where, name: "x", event: [columns] });
  if (!(Number.isInteger(k) && k >= 1 && k <= count)) {
    throw new UsageError(
      `${where}: expected from 1 to ${count} neighbours, as there are reference rows, got ${k}`,
      { name: "k" },
    );
  }
  const nearest = new Float64Array(k);
  return new Float64Array(x.shape[0]!).map((_, row) => {
    nearest.fill(Infinity);
    for (let other = 0; other < count; other++) {
      const limit = nearest[k - 1]!;
      let square = 0;
      for (let j = 0; j < columns && square < limit; j++) {
        const difference = data[row * columns + j]! - known[other * columns + j]!;
        square += difference * difference;
      }
      if (Number.isNaN(square)) return NaN;
      if (square < limit) insert(nearest, square);
    }
    return nearest.reduce((total, square) => total + Math.sqrt(square), 0) / k;
  });
}

/** Puts a value into its place in a sorted list, whose last falls out. */
function insert(sorted: Float64Array, value: number): void {
  let at = sorted.length - 1;
  for (; at > 0 && sorted[at - 1]! > value; at--) sorted[at] = sorted[at - 1]!;
  sorted[at] = value;
}
