/** A mean over probes with its standard error. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

/**
 * The series of so many terms by the first so many probes.
 *
 * @param estimates by probe, one for 1, 2, … terms
 * @param probes at least 2
 */
export function estimateOf(
  estimates: readonly ArrayLike<number>[],
  terms: number,
  probes: number,
): Estimate {
  const values = estimates.slice(0, probes).map((byTerms) => byTerms[terms - 1]!);
  const mean = values.reduce((sum, value) => sum + value, 0) / probes;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(square / (probes - 1) / probes) };
}
