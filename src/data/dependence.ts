import type { Column } from "./warnings.js";

/** A column that others determine. */
export interface Dependence {
  readonly column: string;
  readonly of: readonly string[];
}

/** Columns beyond which nothing is looked for: the time grows with their cube. */
const mostColumns = 256;
/** Variance that is left of a standardised column once others explain it. */
const nothing = 1e-10;
/** Least weight that makes a column one of those. */
const leastWeight = 1e-4;
/** Standard deviations that a dependent column may be off in any row. */
const tolerated = 1e-3;

/**
 * Columns that are sums of multiples of earlier ones, and a constant, in every row: the correlation
 * matrix has an eigenvalue of 0 then. Its Cholesky factor is built column by column, from at most
 * 8·D + 1,000 rows; a column of which nothing is left depends on those before it, if it does in all
 * other rows too.
 *
 * Nothing is looked for among more than 256 columns, or in fewer than 2·D rows, which always depend.
 *
 * @param free how many of the first columns may depend on others: noise is added to them
 * @see Golub and Van Loan 2013, Matrix Computations, section 4.2, fourth edition
 */
export function dependentColumns(columns: readonly Column[], free = 0): Dependence[] {
  const count = columns[0]?.count ?? 0;
  if (columns.length < 2 || columns.length > mostColumns || count < 2 * columns.length) return [];
  const rows = Math.min(count, 8 * columns.length + 1000);
  const standard = columns.map((column) => standardised(column, rows));
  const basis: { readonly name: string; readonly place: number; readonly row: number[] }[] = [];
  const found: Dependence[] = [];
  columns.forEach(({ name }, j) => {
    const row: number[] = [];
    for (const other of basis) {
      const explained = other.row.slice(0, -1).reduce((sum, l, k) => sum + l * row[k]!, 0);
      const r = correlation(standard[j]!.sample, standard[other.place]!.sample);
      row.push((r - explained) / other.row.at(-1)!);
    }
    const left = 1 - row.reduce((sum, l) => sum + l * l, 0);
    if (left > nothing) {
      basis.push({ name, place: j, row: [...row, Math.sqrt(left)] });
      return;
    }
    if (j < free) return;
    const weights = solved(basis, row);
    const parts = basis.map(({ place }, k) => ({ at: standard[place]!.at, weight: weights[k]! }));
    for (let i = 0; i < count; i++) {
      const sum = parts.reduce((total, { at, weight }) => total + weight * at(i), 0);
      if (!(Math.abs(standard[j]!.at(i) - sum) * Math.sqrt(rows) <= tolerated)) return;
    }
    const of = basis.filter((_, k) => Math.abs(weights[k]!) > leastWeight).map((one) => one.name);
    found.push({ column: name, of });
  });
  return found;
}

/** The weights w with Lᵀw = row: those of the basis in a column that it explains. */
function solved(basis: readonly { readonly row: readonly number[] }[], row: number[]): number[] {
  const weights = row.slice();
  for (let k = weights.length - 1; k >= 0; k--) {
    weights[k]! /= basis[k]!.row[k]!;
    for (let i = 0; i < k; i++) weights[i]! -= basis[k]!.row[i]! * weights[k]!;
  }
  return weights;
}

/** A column of mean 0 and length 1 over rows spread over it. */
function standardised(
  { count, at }: Column,
  rows: number,
): { readonly sample: Float64Array; readonly at: (i: number) => number } {
  const first = at(0);
  const places = Array.from({ length: rows }, (_, i) => Math.floor((i * count) / rows));
  const mean = places.reduce((sum, i) => sum + (at(i) - first) / rows, 0);
  const length = Math.hypot(...places.map((i) => at(i) - first - mean));
  const value = (i: number): number => (length > 0 ? (at(i) - first - mean) / length : 0);
  return { sample: Float64Array.from(places, value), at: value };
}

function correlation(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
