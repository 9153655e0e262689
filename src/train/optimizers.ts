import { z } from "zod";
import {
  abs,
  add,
  div,
  exp,
  maximum,
  mul,
  sqrt,
  square,
  sub,
  type Tensor,
} from "../graph/index.js";
import type { JsonObject } from "../json.js";
import { parseOptimizer, registerOptimizer, type Optimizer } from "./optimizer-registry.js";

const decay = z.number().nonnegative().default(0);
const fraction = z.number().gt(0).lt(1);
const adamOptions = {
  beta1: fraction.default(0.9),
  beta2: fraction.default(0.999),
  epsilon: z.number().positive().default(1e-8),
  weightDecay: decay,
};

const sgdConfig = z.strictObject({
  kind: z.literal("sgd"),
  momentum: z.number().nonnegative().lt(1).default(0.9),
  nesterov: z.boolean().default(false),
  weightDecay: decay,
});
const adamConfig = z.strictObject({ kind: z.literal("adam"), ...adamOptions });
const adamaxConfig = z.strictObject({ kind: z.literal("adamax"), ...adamOptions });

/**
 * `sgd`: h = g + λp, v ← μv + h, p ← p − αv, or with Nesterov's momentum p ← p − α(h + μv); μ is
 * 0.9 unless given.
 *
 * @see Sutskever et al. 2013, section 2, https://proceedings.mlr.press/v28/sutskever13.html
 */
registerOptimizer({ kind: "sgd", schema: sgdConfig, create: sgd });

/**
 * `adam`: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², p ← p − α(m/(1−β₁ᵗ)/(√(v/(1−β₂ᵗ)) + ε) + λp); β₁
 * 0.9, β₂ 0.999 and ε 10⁻⁸ unless given. The decay is apart from the gradient.
 *
 * @see Kingma and Ba 2015, algorithm 1, https://arxiv.org/abs/1412.6980
 * @see Loshchilov and Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101 (the decay)
 */
registerOptimizer({ kind: "adam", schema: adamConfig, create: adam });

/**
 * `adamax`: m as Adam's, u ← max(β₂u, |g| + ε), p ← p − α(m/(1−β₁ᵗ)/u + λp), with its defaults.
 *
 * @see Kingma and Ba 2015, algorithm 2, https://arxiv.org/abs/1412.6980
 */
registerOptimizer({ kind: "adamax", schema: adamaxConfig, create: adamax });

type BuiltInConfig = z.output<typeof sgdConfig | typeof adamConfig | typeof adamaxConfig>;
type BuiltInOptions = z.input<typeof sgdConfig | typeof adamConfig | typeof adamaxConfig>;

/** A registered optimizer's part of a configuration, complete. */
export type OptimizerConfig = BuiltInConfig | ({ readonly kind: string } & JsonObject);

/**
 * How parameters are updated: `sgd`, `adam`, `adamax`, or what {@link registerOptimizer} made known.
 * `weightDecay` λ is 0 unless given; for `sgd` it adds λp to the gradient, for the others it is
 * decoupled from it.
 */
export type OptimizerOptions = BuiltInOptions | ({ readonly kind: string } & JsonObject);

export const optimizerConfig: z.ZodType<OptimizerConfig, OptimizerOptions> = z
  .custom<OptimizerOptions>(() => true)
  .transform((value, ctx) => parseOptimizer(value, ctx));

function sgd({ momentum, nesterov, weightDecay }: z.output<typeof sgdConfig>): Optimizer {
  return {
    slots: ["velocity"],
    apply: (p, g, slots, { rate, decay }) => {
      const h = decay ? add(g, mul(p, weightDecay)) : g;
      const velocity = add(mul(slots.velocity!, momentum), h);
      const direction = nesterov ? add(h, mul(velocity, momentum)) : velocity;
      return { value: sub(p, mul(direction, rate)), slots: { velocity } };
    },
  };
}

function adam({ beta1, beta2, epsilon, weightDecay }: z.output<typeof adamConfig>): Optimizer {
  return {
    slots: ["mean", "square"],
    apply: (p, g, slots, { rate, step, decay }) => {
      const mean = average(slots.mean!, g, beta1);
      const squares = average(slots.square!, square(g), beta2);
      const deviation = sqrt(div(squares, biasCorrection(beta2, step)));
      const direction = div(div(mean, biasCorrection(beta1, step)), add(deviation, epsilon));
      const value = decoupled(p, direction, rate, decay ? weightDecay : 0);
      return { value, slots: { mean, square: squares } };
    },
  };
}

function adamax({ beta1, beta2, epsilon, weightDecay }: z.output<typeof adamaxConfig>): Optimizer {
  return {
    slots: ["mean", "largest"],
    apply: (p, g, slots, { rate, step, decay }) => {
      const mean = average(slots.mean!, g, beta1);
      const largest = maximum(mul(slots.largest!, beta2), add(abs(g), epsilon));
      const direction = div(div(mean, biasCorrection(beta1, step)), largest);
      const value = decoupled(p, direction, rate, decay ? weightDecay : 0);
      return { value, slots: { mean, largest } };
    },
  };
}

function decoupled(p: Tensor, direction: Tensor, rate: Tensor, weightDecay: number): Tensor {
  const whole = weightDecay > 0 ? add(direction, mul(p, weightDecay)) : direction;
  return sub(p, mul(whole, rate));
}

/** The moving average βa + (1−β)x. */
export function average(a: Tensor, x: Tensor, beta: number): Tensor {
  return add(mul(a, beta), mul(x, 1 - beta));
}

/** 1 − βᵗ: what a moving average that began at 0 sums its weights to. */
function biasCorrection(beta: number, step: Tensor): Tensor {
  return sub(1, exp(mul(step, Math.log(beta))));
}
