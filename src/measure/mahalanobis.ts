import { expectArray, expectTable } from "../border/arrays.js";
import { UsageError } from "../errors.js";
import type { NumberArray } from "../tree.js";

/** Part of the covariance that is replaced by a multiple of the identity, unless given. */
const usualShrinkage = 1e-6;

/**
 * Mahalanobis distance to the mean of normal rows, the outlier score of a Gaussian:
 * √((x − m)ᵀ S⁻¹ (x − m)), with S = (1 − λ)·C + λ·(tr C/D)·I, C the covariance of those rows.
 *
 * λ > 0 keeps S invertible where columns are constant, copies or fewer than the rows: what lies
 * outside their span is then far away, but at a finite distance. In float64 throughout.
 *
 * @see Mahalanobis 1936; Ledoit and Wolf 2004, https://doi.org/10.1016/S0047-259X(03)00096-4
 */
export class Mahalanobis {
  readonly #mean: Float64Array;
  /** Lower triangle L of S = L·Lᵀ, `[D, D]` in row-major order. */
  readonly #factor: Float64Array;

  /**
   * @param reference normal rows, `[N, D]`, in columns of one scale.
   * @param shrinkage λ in (0, 1], 10⁻⁶ unless given.
   * @throws {ShapeError} if `reference` isn't a table.
   * @throws {DataError} if it holds NaN or an infinity.
   * @throws {UsageError} unless λ is in (0, 1].
   */
  constructor(reference: NumberArray, shrinkage: number = usualShrinkage) {
    if (!(shrinkage > 0 && shrinkage <= 1)) {
      throw new UsageError(`Mahalanobis: expected a shrinkage in (0, 1], got ${shrinkage}`, {
        name: "shrinkage",
      });
    }
    const rules = { where: "Mahalanobis", name: "reference" };
    const { data, rows, columns } = expectTable(reference, rules);
    this.#mean = new Float64Array(columns);
    for (let i = 0; i < data.length; i++) this.#mean[i % columns]! += data[i]! / rows;
    const covariance = covarianceOf(data, this.#mean);
    let trace = 0;
    for (let j = 0; j < columns; j++) trace += covariance[j * (columns + 1)]!;
    // Rows that are all equal have no scale: any will do.
    const level = trace > 0 ? trace / columns : 1;
    for (let i = 0; i < covariance.length; i++) covariance[i]! *= 1 - shrinkage;
    for (let j = 0; j < columns; j++) covariance[j * (columns + 1)]! += shrinkage * level;
    this.#factor = cholesky(covariance, columns);
  }

  /**
   * @param x rows to score, `[M, D]`.
   * @returns `[M]`, NaN for rows with NaN.
   * @throws {ShapeError} if x hasn't the reference's columns.
   */
  distances(x: NumberArray): Float64Array {
    const columns = this.#mean.length;
    const { data } = expectArray(x, {
      where: "Mahalanobis.distances",
      name: "x",
      event: [columns],
    });
    const solved = new Float64Array(columns);
    return new Float64Array(x.shape[0]!).map((_, row) => {
      let square = 0;
      for (let i = 0; i < columns; i++) {
        let rest = data[row * columns + i]! - this.#mean[i]!;
        for (let j = 0; j < i; j++) rest -= this.#factor[i * columns + j]! * solved[j]!;
        solved[i] = rest / this.#factor[i * (columns + 1)]!;
        square += solved[i]! ** 2;
      }
      return Math.sqrt(square);
    });
  }
}

/** Σ (x − m)(x − m)ᵀ/N, `[D, D]`. */
function covarianceOf(data: ArrayLike<number>, mean: Float64Array): Float64Array {
  const columns = mean.length;
  const count = data.length / columns;
  const covariance = new Float64Array(columns * columns);
  const centred = new Float64Array(columns);
  for (let row = 0; row < count; row++) {
    for (let j = 0; j < columns; j++) centred[j] = data[row * columns + j]! - mean[j]!;
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) {
        covariance[i * columns + j]! += (centred[i]! * centred[j]!) / count;
      }
    }
  }
  return covariance;
}

/** L of a positive definite matrix A = L·Lᵀ, its upper triangle 0. */
function cholesky(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) rest -= factor[i * size + k]! * factor[j * size + k]!;
      factor[i * size + j] = i === j ? Math.sqrt(rest) : rest / factor[j * (size + 1)]!;
    }
  }
  return factor;
}
