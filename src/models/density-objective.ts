import { UsageError } from "../errors.js";
import { add, meanAll, neg, type Tensor } from "../graph/index.js";
import type { Context } from "../nn/index.js";
import type { Density, Objective } from "./model.js";

/** Pixels with uniform noise in [0, 1) added, other data as they are. */
export function dequantised(
  { discrete }: Pick<Density, "discrete">,
  x: Tensor,
  ctx: Context,
): Tensor {
  return discrete ? add(x, ctx.noise("uniform", x.shape)) : x;
}

/** Mean of −log p in nats over a batch of x, and of its condition for a conditional density. */
export function densityObjective(
  model: Density,
  { x, condition }: Readonly<Record<string, Tensor>>,
  ctx: Context,
): Objective {
  if (!x) throw new UsageError(`${model.kind}: expected a batch of x`);
  ctx.condition = condition;
  const { logProb } = model.score(dequantised(model, x, ctx), ctx);
  return { loss: neg(meanAll(logProb)), metrics: {} };
}
