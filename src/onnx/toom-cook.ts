/** Matrices of a short correlation with fewer products: y = A ((G w) ∘ (D x)). */
export interface ToomCook {
  /** `[outputs, points]` */
  readonly A: Matrix;
  /** `[points, taps]` */
  readonly G: Matrix;
  /** `[points, points]` */
  readonly D: Matrix;
}

export type Matrix = readonly (readonly number[])[];

/**
 * `outputs` values y_i = Σ_j w_j x_{i+j} of a filter of `taps`, with a product for each finite point
 * and one at infinity, of which there must be outputs + taps − 1. Points decide the rounding
 * errors: small ones in pairs of either sign are good, Barabasz et al. 2020,
 * https://arxiv.org/abs/1803.10986.
 */
export function toomCook(outputs: number, taps: number, finite: readonly number[]): ToomCook {
  const others = finite.map((p) => finite.filter((q) => q !== p));
  const powers = (p: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => p ** i);
  const last = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => (i === count - 1 ? 1 : 0));
  const scales = finite.map((p, k) => others[k]!.reduce((product, q) => product * (p - q), 1));
  return {
    A: transposed([...finite.map((p) => powers(p, outputs)), last(outputs)]),
    G: [...finite.map((p, k) => powers(p, taps).map((x) => x / scales[k]!)), last(taps)],
    D: [...others.map((roots) => [...polynomial(roots), 0]), polynomial(finite)],
  };
}

/** Coefficients of Π (x − root), the constant first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce(
    (known, root) => {
      const at = (i: number): number => known[i] ?? 0;
      return Array.from({ length: known.length + 1 }, (_, i) => at(i - 1) - root * at(i));
    },
    [1],
  );
}

export function transposed(matrix: Matrix): Matrix {
  return matrix[0]!.map((_, j) => matrix.map((row) => row[j]!));
}

/** a ⊗ b: of each pair of rows and each pair of columns. */
export function kronecker(a: Matrix, b: Matrix): Matrix {
  return a.flatMap((x) => b.map((y) => x.flatMap((u) => y.map((v) => u * v))));
}
