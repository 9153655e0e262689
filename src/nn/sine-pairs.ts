import { concat, cos, div, exp, mul, sin, sub, type Tensor } from "../graph/index.js";
import type { Scope } from "./scope.js";

/**
 * Pairs of sines, twice as many channels: [sin(ωx); cos(ωx) − 1]/ω with ω = e^a learned, 1 at
 * first. The slopes cos(ωx) and −sin(ωx) of a pair have length 1 everywhere, so that no gradient is
 * lost, and nothing of the bound. As ω vanishes it becomes [x; 0].
 */
export function sinePairs(scope: Scope): (x: Tensor) => Tensor {
  const logFrequency = scope.parameter("sine.logFrequency", [], () => [0]);
  return (x) => {
    const frequency = exp(logFrequency);
    const angle = mul(x, frequency);
    return div(concat([sin(angle), sub(cos(angle), 1)], 1), frequency);
  };
}
