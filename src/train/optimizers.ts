import * as z from "zod";
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
import { decoupled } from "./decoupled.js";
import { muonMatrices, muonOptions } from "./muon.js";
import {
  createOptimizer,
  parseOptimizer,
  registerOptimizer,
  type Optimizer,
} from "./optimizer-registry.js";

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
type BuiltInOptions =
  z.input<typeof sgdConfig | typeof adamConfig | typeof adamaxConfig> | MuonOptions;

/** Muon's part of a training configuration, in which what has a default may be left out. */
export type MuonOptions = { readonly kind: "muon" } & z.input<z.ZodObject<typeof muonOptions>> & {
    /** Updates what is no matrix; Adam unless given. */
    readonly rest?: OptimizerOptions;
    /** The rate of the rest, in that of the matrices; 0.1 unless given. */
    readonly restRate?: number;
  };

/** A registered optimizer's part of a configuration, complete. */
export type OptimizerConfig = BuiltInConfig | ({ readonly kind: string } & JsonObject);

/**
 * How parameters are updated: `sgd`, `adam`, `adamax`, `muon`, or what {@link registerOptimizer} made known.
 * `weightDecay` λ is 0 unless given; for `sgd` it adds λp to the gradient, for the others it is
 * decoupled from it.
 */
export type OptimizerOptions = BuiltInOptions | ({ readonly kind: string } & JsonObject);

export const optimizerConfig: z.ZodType<OptimizerConfig, OptimizerOptions> = z
  .custom<OptimizerOptions>(() => true)
  .transform((value, ctx) => parseOptimizer(value, ctx));

const muonConfig = z.strictObject({
  kind: z.literal("muon"),
  ...muonOptions,
  rest: optimizerConfig.prefault({ kind: "adam" }),
  restRate: z.number().positive().default(0.1),
});

/**
 * `muon`: for matrices and filters (see `isMatrix` and {@link muonMatrices}); `rest`,
 * Adam unless given, updates everything else at `restRate` times its rate, 0.1 unless given: an
 * orthogonal update of n columns has elements of about 1/√n, where Adam's are of about 1.
 */
registerOptimizer({
  kind: "muon",
  schema: muonConfig,
  create: (config) => ({
    ...atRate(createOptimizer(config.rest), config.restRate),
    matrices: muonMatrices(config),
  }),
});

/** The optimizer at `factor` times the learning rate. */
function atRate(optimizer: Optimizer, factor: number): Optimizer {
  return {
    slots: optimizer.slots,
    apply: (p, g, slots, at) => optimizer.apply(p, g, slots, { ...at, rate: mul(at.rate, factor) }),
  };
}

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

/** The moving average βa + (1−β)x. */
export function average(a: Tensor, x: Tensor, beta: number): Tensor {
  return add(mul(a, beta), mul(x, 1 - beta));
}

/** 1 − βᵗ: what a moving average that began at 0 sums its weights to. */
function biasCorrection(beta: number, step: Tensor): Tensor {
  return sub(1, exp(mul(step, Math.log(beta))));
}
