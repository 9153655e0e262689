/** What a sum over ranks costs. */
export interface NetworkCost {
  /** Microseconds for each message. */
  readonly latency: number;
  /** MB a second. */
  readonly bandwidth: number;
}

/**
 * Milliseconds of an all-reduce, 2·⌈log₂ R⌉·latency + 2·(R − 1)/R·bytes/bandwidth: halving and
 * doubling, of float32 numbers.
 * @see Thakur, Rabenseifner and Gropp 2005, section 4.5, https://doi.org/10.1177/1094342005051521
 */
export function allreduceMilliseconds(
  ranks: number,
  { latency, bandwidth, parameters }: NetworkCost & { readonly parameters: number },
): number {
  const messages = 2 * Math.ceil(Math.log2(ranks)) * (latency / 1000);
  const bytes = 2 * (1 - 1 / ranks) * 4 * parameters;
  return messages + bytes / (bandwidth * 1000);
}

/** The network that two ranks' sums of 1 and of `parameters` numbers, in milliseconds, tell of. */
export function networkOf(
  { one, all }: { readonly one: number; readonly all: number },
  parameters: number,
): NetworkCost {
  const bytes = 4 * parameters;
  return { latency: (one / 2) * 1000, bandwidth: bytes / Math.max(all - one, 1e-6) / 1000 };
}

/** S(R): what the slowest of R ranks adds to the mean, on average, of steps that are spread normally. */
export function slowest(ranks: number, deviation: number): number {
  // ∫ (1 − Φ(x)ᴿ − Φ(−x)ᴿ) dx over x > 0, by the trapezoidal rule.
  const step = 1e-3;
  let sum = 0;
  for (let x = step / 2; x < 9; x += step) {
    const p = normalBelow(x);
    sum += 1 - p ** ranks - (1 - p) ** ranks;
  }
  return deviation * sum * step;
}

/** Φ(x), x ≥ 0. @see Abramowitz and Stegun 1964, 26.2.17: within 7.5e-8 */
function normalBelow(x: number): number {
  const t = 1 / (1 + 0.2316419 * x);
  const coefficients = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const series = coefficients.reduceRight((sum, c) => (sum + c) * t, 0);
  return 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
