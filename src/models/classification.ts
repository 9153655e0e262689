import { greater, logSumExp, max, meanAll, mul, sub, sum, type Tensor } from "../graph/index.js";
import { weightedMean } from "./density-objective.js";
import type { Objective } from "./model.js";

/**
 * Mean of −log p(class | x) in nats, for logits and one-hot y, both `[B, classes]`, and the
 * percentage of wrong answers. With a `weight`, `[B]`, the loss is the mean of weight times that.
 */
export function classification(logits: Tensor, y: Tensor, weight?: Tensor): Objective {
  const ofTruth = sum(mul(logits, y), [1]);
  return {
    loss: weightedMean(sub(logSumExp(logits, 1), ofTruth), weight),
    metrics: { "error (%)": mul(meanAll(greater(max(logits, [1]), ofTruth)), 100) },
  };
}
