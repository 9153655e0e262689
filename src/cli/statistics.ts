type Values = readonly number[] | Float32Array;

export function mean(values: Values): number {
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}

/** Standard deviation of a sample. */
export function deviation(values: Values): number {
  const centre = mean(values);
  let total = 0;
  for (const value of values) total += (value - centre) ** 2;
  return Math.sqrt(total / Math.max(1, values.length - 1));
}
