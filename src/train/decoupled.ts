import { add, mul, sub, type Tensor } from "../graph/index.js";

/**
 * p − α(d + λp): a step in direction d with weight decay λ apart from it.
 * @see Loshchilov and Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101
 */
export function decoupled(p: Tensor, direction: Tensor, rate: Tensor, weightDecay: number): Tensor {
  const whole = weightDecay > 0 ? add(direction, mul(p, weightDecay)) : direction;
  return sub(p, mul(whole, rate));
}
