/** −log p/(D ln 2): bits per dimension of a log-density in nats. */
export function bitsPerDim(logProb: number, dimensions: number): number {
  return -logProb / (dimensions * Math.LN2);
}
