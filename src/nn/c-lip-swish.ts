import { concat, div, mul, sigmoid, softplus, sub, type Tensor } from "../graph/index.js";
import type { Scope } from "./scope.js";

/**
 * 1.1 bounds the slope of x·σ(βx), for every β; 1.004 the length of the slopes of a pair, which
 * with t = βx is √(f(t)² + (1 − f(t))²)/1.1, f the slope of t·σ(t).
 */
const divisor = 1.1 * 1.004;

/**
 * CLipSwish, twice as many channels: [s(x); s(−x)]/1.004 with s(x) = x·σ(βx)/1.1, β = softplus(b)
 * learned, b = 0.5 at first. Where LipSwish flattens on one side, one of the pair is steep.
 *
 * @see Perugachi-Diaz et al. 2021, https://arxiv.org/abs/2102.02694
 */
export function cLipSwish(scope: Scope): (x: Tensor) => Tensor {
  const b = scope.parameter("clipswish.b", [], () => [0.5]);
  return (x) => {
    const swish = mul(x, sigmoid(mul(x, softplus(b))));
    // −x·σ(−βx) = −x·(1 − σ(βx)).
    return div(concat([swish, sub(swish, x)], 1), divisor);
  };
}
