import type { Column } from "./warnings.js";

/** Mean and standard deviation in two passes, each scaled so that nothing overflows or vanishes. */
export function moments({ count, at }: Pick<Column, "count" | "at">): {
  readonly mean: number;
  readonly deviation: number;
} {
  const first = at(0);
  let mean = 0;
  for (let i = 0; i < count; i++) mean += (at(i) - first) / count;
  mean += first;
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, Math.abs(at(i) - mean));
  if (largest === 0) return { mean, deviation: 0 };
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const d = (at(i) - mean) / largest;
    sum += d;
    squares += d * d;
  }
  // What rounding left in the mean counts in neither.
  const rest = sum / count;
  return {
    mean: mean + rest * largest,
    deviation: largest * Math.sqrt(squares / count - rest * rest),
  };
}
