import {
  add,
  greater,
  logSumExp,
  max,
  mean,
  meanAll,
  mul,
  sub,
  sum,
  type Tensor,
} from "../graph/index.js";
import type { Context } from "../nn/index.js";
import type { Objective } from "./model.js";

/**
 * Mean of −log p(class | x) in nats, for logits and one-hot y, both `[B, classes]`, and the
 * percentage of wrong answers. With the context's label smoothing s, the mean of
 * −Σₖ qₖ log p(k | x), q = (1 − s)y + s/classes.
 *
 * @see Szegedy et al. 2016, section 7, https://arxiv.org/abs/1512.00567 (smoothing)
 */
export function classification(
  logits: Tensor,
  y: Tensor,
  { labelSmoothing: s }: Pick<Context, "labelSmoothing">,
): Objective {
  const ofTruth = sum(mul(logits, y), [1]);
  const expected = s > 0 ? add(mul(ofTruth, 1 - s), mul(mean(logits, [1]), s)) : ofTruth;
  return {
    loss: meanAll(sub(logSumExp(logits, 1), expected)),
    metrics: { "error (%)": mul(meanAll(greater(max(logits, [1]), ofTruth)), 100) },
  };
}
