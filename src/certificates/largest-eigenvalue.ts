import { Random } from "../random.js";
import type { BandMatrix } from "./band-matrix.js";

/** Relative distance from the estimate at which a proof is tried first. */
const margin = 2e-6;
const mostSteps = 300;
const stepsPerCheck = 10;

/** A number that no eigenvalue exceeds, and the shift by which it was proved. */
export interface EigenvalueBound {
  readonly bound: number;
  readonly shift: number;
}

/**
 * Proves a bound on the largest eigenvalue of a matrix that is positive semidefinite but for rounding,
 * at most a few 10⁻⁶ above it where Lanczos' method finds it.
 *
 * @param atLeast a shift to try first; 0 for none
 */
export function largestEigenvalue(matrix: BandMatrix, atLeast = 0): EigenvalueBound {
  if (atLeast > 0) {
    const bound = matrix.provedBelow(atLeast);
    if (bound !== undefined) return { bound, shift: atLeast };
  }
  if (matrix.data.every((x) => x === 0)) return { bound: 0, shift: 0 };
  const mean = Math.abs(matrix.trace()) / matrix.order;
  const estimate = Math.max(lanczos(matrix), atLeast, mean);
  for (let excess = margin; ; excess *= 8) {
    const shift = estimate * (1 + excess);
    const bound = matrix.provedBelow(shift);
    if (bound !== undefined) return { bound, shift };
  }
}

/** The largest eigenvalue, from below, by Lanczos' method with full orthogonalisation. */
function lanczos(matrix: BandMatrix): number {
  const { order } = matrix;
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const beside: number[] = [];
  let next: Float64Array = Float64Array.from(Random.fromSeed(0).split("lanczos").normal(order));
  let length = Math.sqrt(dot(next, next));
  let found = 0;
  for (let step = 1; step <= Math.min(order, mostSteps); step++) {
    const q = next.map((x) => x / length);
    basis.push(q);
    next = matrix.times(q);
    diagonal.push(dot(next, q));
    for (let pass = 0; pass < 2; pass++) {
      for (const known of basis) subtract(next, dot(next, known), known);
    }
    length = Math.sqrt(dot(next, next));
    const isOver = !(length > 1e-14 * found) || step === Math.min(order, mostSteps);
    if (step % stepsPerCheck === 0 || isOver) {
      const now = largestOfTridiagonal(diagonal, beside);
      if (isOver || now - found <= 1e-8 * now) return now;
      found = now;
    }
    beside.push(length);
  }
  return found;
}

/** By bisection on the number of negative pivots (Sturm's sequence). */
function largestOfTridiagonal(diagonal: readonly number[], beside: readonly number[]): number {
  const radius = (i: number): number => (beside[i - 1] ?? 0) + (beside[i] ?? 0);
  let low = diagonal.reduce((most, x) => Math.max(most, x), 0);
  let high = diagonal.reduce((most, x, i) => Math.max(most, x + radius(i)), 0);
  const isAbove = (x: number): boolean => {
    let pivot = 1;
    return diagonal.every((d, i) => {
      const b = i === 0 ? 0 : beside[i - 1]!;
      pivot = x - d - (b * b) / pivot;
      return pivot > 0;
    });
  };
  for (let i = 0; i < 60 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (isAbove(middle)) high = middle;
    else low = middle;
  }
  return low;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

function subtract(from: Float64Array, factor: number, x: Float64Array): void {
  for (let i = 0; i < x.length; i++) from[i]! -= factor * x[i]!;
}
