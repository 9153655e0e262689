import { takeNumbers } from "../data/index.js";
import { DataError } from "../errors.js";
import { Random } from "../random.js";
import type { NumberArray } from "../tree.js";
import type { LabelledTable } from "./labelled-tables.js";

/** What learns, and what is scored. */
export interface AnomalySplit {
  /** Half of the normal rows, in random order, `[N, D]`. */
  readonly train: NumberArray;
  /** All other rows, `[M, D]`. */
  readonly scored: NumberArray;
  /** Which of these are outliers, `[M]`. */
  readonly outliers: readonly boolean[];
}

/** Fewest normal rows of a table: the recipe takes no fewer than half of them. */
const fewest = 16;

/**
 * A table's split of a number, a function of the seed, the table's name and that number alone: half
 * of the normal rows train, the others and all outliers are scored.
 *
 * @throws {DataError} if there are fewer than 16 normal rows.
 */
export function anomalySplit(table: LabelledTable, split: number, seed: number): AnomalySplit {
  const places = table.outliers.map((_, row) => row);
  const normal = places.filter((row) => !table.outliers[row]);
  if (normal.length < fewest) {
    throw new DataError(
      `${table.name}: expected at least ${fewest} normal rows, got ${normal.length}; leave the file out`,
      { name: table.name },
    );
  }
  const random = Random.fromSeed(seed).split("anomaly").split(table.name).split(split);
  const order = Array.from(random.permutation(normal.length), (i) => normal[i]!);
  const trained = order.slice(0, normal.length >> 1);
  const isTrained = new Set(trained);
  const rest = places.filter((row) => !isTrained.has(row));
  return {
    train: takeNumbers(table.x, trained),
    scored: takeNumbers(table.x, rest),
    outliers: rest.map((row) => table.outliers[row]!),
  };
}

/** Rows whose columns have mean 0 and standard deviation 1 in a reference; constant ones only mean 0. */
export function standardisedBy(reference: NumberArray): (x: NumberArray) => NumberArray {
  const [count = 0, columns = 0] = reference.shape;
  const scalings = Array.from({ length: columns }, (_, c) => {
    const values = Array.from({ length: count }, (_, row) => reference.data[row * columns + c]!);
    const mean = values.reduce((total, value) => total + value / count, 0);
    const variance = values.reduce((total, value) => total + (value - mean) ** 2 / count, 0);
    // As large as rounding makes it, it is none.
    const isConstant = values.every((value) => value === values[0]);
    return { mean, deviation: isConstant ? 1 : Math.sqrt(variance) };
  });
  return ({ shape, data }) => ({
    shape,
    data: Float64Array.from(data, (value, i) => {
      const { mean, deviation } = scalings[i % columns]!;
      return (value - mean) / deviation;
    }),
  });
}
