import type { Random } from "../random.js";

/** P·L·U of a matrix, each factor row-major: P a permutation, L unit lower triangular. */
export interface LuFactors {
  readonly permutation: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** A random orthogonal n x n matrix, row-major: normal rows made orthonormal (Gram and Schmidt). */
export function randomRotation(n: number, random: Random): Float64Array {
  const rotation = Float64Array.from(random.normal(n * n));
  const row = (i: number): Float64Array => rotation.subarray(i * n, (i + 1) * n);
  for (let i = 0; i < n; i++) {
    // Twice: what rounding leaves of the earlier rows the second pass removes.
    for (let j = 0; j < 2 * i; j++) subtract(row(i), row(j % i), dot(row(i), row(j % i)));
    const length = Math.sqrt(dot(row(i), row(i)));
    row(i).forEach((value, k, values) => (values[k] = value / length));
  }
  return rotation;
}

/** Factors of an invertible n x n matrix, by elimination with row exchanges (partial pivoting). */
export function luFactors(matrix: Float64Array, n: number): LuFactors {
  const upper = matrix.slice();
  const lower = new Float64Array(n * n);
  const order = Array.from({ length: n }, (_, i) => i);
  const row = (of: Float64Array, i: number): Float64Array => of.subarray(i * n, (i + 1) * n);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(upper[i * n + k]!) > Math.abs(upper[pivot * n + k]!)) pivot = i;
    }
    swap(row(upper, k), row(upper, pivot));
    swap(row(lower, k), row(lower, pivot));
    [order[k], order[pivot]] = [order[pivot]!, order[k]!];
    lower[k * n + k] = 1;
    for (let i = k + 1; i < n; i++) {
      const factor = upper[i * n + k]! / upper[k * n + k]!;
      lower[i * n + k] = factor;
      subtract(row(upper, i), row(upper, k), factor);
      upper[i * n + k] = 0;
    }
  }
  const permutation = new Float64Array(n * n);
  order.forEach((from, to) => (permutation[from * n + to] = 1));
  return { permutation, lower, upper };
}

const dot = (a: Float64Array, b: Float64Array): number =>
  a.reduce((total, value, i) => total + value * b[i]!, 0);

function subtract(from: Float64Array, row: Float64Array, factor: number): void {
  row.forEach((value, i) => (from[i]! -= factor * value));
}

function swap(a: Float64Array, b: Float64Array): void {
  const kept = a.slice();
  a.set(b);
  b.set(kept);
}
