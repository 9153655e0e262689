import { UsageError } from "../errors.js";
import { add, constant, meanAll, mul, neg, reshape, type Tensor } from "../graph/index.js";
import type { Context } from "../nn/index.js";
import type { Density, Objective } from "./model.js";

/** Whole numbers with uniform noise of the context's step added, other data as they are. */
export function dequantised(
  { discrete }: Pick<Density, "discrete">,
  x: Tensor,
  ctx: Context,
): Tensor {
  const step = ctx.step ?? (discrete ? constant(1) : undefined);
  return step ? add(x, mul(ctx.noise("uniform", x.shape), step)) : x;
}

/** Mean of one value for each example, times its weight, `[B]`, if there are any. */
export function weightedMean(value: Tensor, weight: Tensor | undefined): Tensor {
  return meanAll(weight ? mul(value, reshape(weight, value.shape)) : value);
}

/**
 * Mean of −log p in nats over a batch of x, and of its condition for a conditional density, each
 * times its weight if there are any.
 */
export function densityObjective(
  model: Density,
  { x, condition, weight }: Readonly<Record<string, Tensor>>,
  ctx: Context,
): Objective {
  if (!x) throw new UsageError(`${model.kind}: expected a batch of x`);
  ctx.condition = condition;
  const { logProb } = model.score(dequantised(model, x, ctx), ctx);
  return { loss: neg(weightedMean(logProb, weight)), metrics: {} };
}
