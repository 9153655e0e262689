import { expectKind } from "../border/kinds.js";
/** Σx/n. */
export function mean(values: ArrayLike<number>): number {
  expectKind(values, "list", "mean");
  return sum(values) / values.length;
}

/** Standard deviation of a sample, √(Σ(x − mean)²/(n − 1)); 0 of one value. */
export function deviation(values: ArrayLike<number>): number {
  const centre = mean(values);
  let total = 0;
  for (const value of Array.from(values)) total += (value - centre) ** 2;
  return Math.sqrt(total / Math.max(1, values.length - 1));
}

/** Standard error of the mean of independent values: deviation/√n. */
export function standardError(values: ArrayLike<number>): number {
  return deviation(values) / Math.sqrt(values.length);
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (const value of Array.from(values)) total += value;
  return total;
}
