import { Flow } from "../distributions/index.js";
import { UsageError } from "../errors.js";
import {
  add,
  greater,
  logSumExp,
  max,
  mean,
  meanAll,
  mul,
  neg,
  reshape,
  sub,
  sum,
  type Tensor,
} from "../graph/index.js";
import { dequantised, type Context } from "../nn/index.js";
import type { Batch, ClassifierPart, Density, ModelParts, Objective } from "./model.js";

/**
 * What a model of these parts minimises, unless it says so itself.
 * @throws {UsageError} if they are neither a density nor a classifier, or both.
 */
export function usualObjective(
  kind: string,
  { bijection, density, classifier }: ModelParts,
): (batch: Batch, ctx: Context) => Objective {
  if (density && bijection && !classifier) {
    return (batch, ctx) => densityObjective({ kind, bijection, density }, batch, ctx);
  }
  if (classifier && !density) {
    return (batch, ctx) => classifierObjective({ kind, classifier }, batch, ctx);
  }
  throw new UsageError(
    `${kind}: expected a density with a bijection, or a classifier, got ${density ? "a density" : "neither"}${classifier ? " and a classifier" : ""}; give the model those parts, or its own objective`,
  );
}

/** Mean of −log p(x) in nats. @throws {UsageError} if the batch has no x. */
export function densityObjective(
  { kind, bijection, density }: Pick<Density, "kind" | "bijection" | "density">,
  { x, condition, weight }: Batch,
  ctx: Context,
): Objective {
  if (!x) throw new UsageError(`${kind}: expected a batch of x`);
  ctx.condition = condition;
  const { logProb } = new Flow(density.base, bijection).score(dequantised(x, ctx), ctx);
  return { loss: weightedMean(neg(logProb), weight), metrics: {} };
}

function classifierObjective(
  { kind, classifier }: { readonly kind: string; readonly classifier: ClassifierPart },
  { x, y, condition, weight }: Batch,
  ctx: Context,
): Objective {
  if (!x || !y) throw new UsageError(`${kind}: expected a batch of x and one-hot y`);
  ctx.condition = condition;
  const { labelSmoothing } = ctx;
  return classification(classifier.logits(x, ctx), y, { weight, labelSmoothing });
}

/**
 * Mean of −log p(class | x) in nats, for logits and one-hot y, both `[B, classes]`, and the
 * percentage of wrong answers. With label smoothing s, the mean of −Σₖ qₖ log p(k | x),
 * q = (1 − s)y + s/classes.
 *
 * @param options.weight of each example, `[B]`; none unless given
 * @param options.labelSmoothing s, 0 ≤ s < 1
 * @see Szegedy et al. 2016, section 7, https://arxiv.org/abs/1512.00567 (smoothing)
 */
export function classification(
  logits: Tensor,
  y: Tensor,
  {
    weight,
    labelSmoothing: s,
  }: { readonly weight?: Tensor | undefined; readonly labelSmoothing: number },
): Objective {
  const ofTruth = sum(mul(logits, y), [1]);
  const expected = s > 0 ? add(mul(ofTruth, 1 - s), mul(mean(logits, [1]), s)) : ofTruth;
  return {
    loss: weightedMean(sub(logSumExp(logits, 1), expected), weight),
    metrics: { "error (%)": mul(meanAll(greater(max(logits, [1]), ofTruth)), 100) },
  };
}

/** Mean of values, one for each event, each times its weight if there are weights `[B]`. */
export function weightedMean(values: Tensor, weight: Tensor | undefined): Tensor {
  return meanAll(weight ? mul(values, reshape(weight, values.shape)) : values);
}
