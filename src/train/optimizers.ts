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
import { decoupled } from "./decoupled.js";
import { muonMatrices, muonOptions } from "./muon.js";
import type { Packing } from "./packing.js";

const decay = z.number().nonnegative().default(0);
const fraction = z.number().gt(0).lt(1);

const elementwise = [
  z.strictObject({
    kind: z.literal("sgd"),
    momentum: z.number().nonnegative().lt(1).default(0.9),
    nesterov: z.boolean().default(false),
    weightDecay: decay,
  }),
  z.strictObject({
    kind: z.literal("adam"),
    beta1: fraction.default(0.9),
    beta2: fraction.default(0.999),
    epsilon: z.number().positive().default(1e-8),
    weightDecay: decay,
  }),
  z.strictObject({
    kind: z.literal("adamax"),
    beta1: fraction.default(0.9),
    beta2: fraction.default(0.999),
    epsilon: z.number().positive().default(1e-8),
    weightDecay: decay,
  }),
] as const;

export const optimizerConfig = z.discriminatedUnion("kind", [
  ...elementwise,
  z.strictObject({
    kind: z.literal("muon"),
    ...muonOptions,
    /** Updates what is no matrix; Adam unless given. */
    rest: z.discriminatedUnion("kind", elementwise).prefault({ kind: "adam" }),
    /** The rate of the rest, in that of the matrices. */
    restRate: z.number().positive().default(0.1),
  }),
]);

/**
 * How parameters are updated: `sgd` (momentum μ, 0.9 unless given, or Nesterov's), `adam` or
 * `adamax` (β₁ 0.9, β₂ 0.999, ε 10⁻⁸ unless given). `weightDecay` λ is 0 unless given; for `sgd` it
 * adds λp to the gradient, for the others it is decoupled from it.
 *
 * `muon` is for matrices and filters (see {@link Variable.isMatrix}); `rest`, Adam unless given,
 * updates everything else at `restRate` times its rate, 0.1 unless given: an orthogonal update of
 * n columns has elements of about 1/√n, where Adam's are of about 1.
 */
export type OptimizerConfig = z.infer<typeof optimizerConfig>;

/** One update of one parameter p by its gradient g, as a pure function of tensors. */
export interface Optimizer {
  /** Updates matrices in its place, see {@link Variable.isMatrix}; absent if nothing needs to. */
  readonly matrices?: Optimizer;
  /** Names of the arrays kept for each parameter: of its shape, 0 at first. */
  readonly slots: readonly string[];
  apply(
    p: Tensor,
    g: Tensor,
    slots: Readonly<Record<string, Tensor>>,
    at: StepInputs,
  ): { readonly value: Tensor; readonly slots: Readonly<Record<string, Tensor>> };
}

export interface StepInputs {
  /** Learning rate α, a scalar. */
  readonly rate: Tensor;
  /** t = 1, 2, ..., a scalar. */
  readonly step: Tensor;
  /** Whether weight decay applies to this parameter. */
  readonly decay: boolean;
  /** The parameters that p holds, laid end to end. */
  readonly packing: Packing;
}

/**
 * The optimizer of a configuration, with gradient g, learning rate α, and decay λ where it applies:
 *
 * - `sgd`: h = g + λp, v ← μv + h, p ← p − αv, or with Nesterov's momentum p ← p − α(h + μv)
 * - `adam`: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², p ← p − α(m/(1−β₁ᵗ)/(√(v/(1−β₂ᵗ)) + ε) + λp)
 * - `adamax`: m as Adam's, u ← max(β₂u, |g| + ε), p ← p − α(m/(1−β₁ᵗ)/u + λp)
 * - `muon`: see {@link muonMatrices}
 *
 * @see Sutskever et al. 2013, section 2, https://proceedings.mlr.press/v28/sutskever13.html
 * @see Kingma and Ba 2015, algorithms 1 and 2, https://arxiv.org/abs/1412.6980
 * @see Loshchilov and Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101 (Adam's decay)
 */
export function createOptimizer(config: OptimizerConfig): Optimizer {
  switch (config.kind) {
    case "sgd":
      return sgd(config);
    case "adam":
      return adam(config);
    case "adamax":
      return adamax(config);
    case "muon":
      return {
        ...atRate(createOptimizer(config.rest), config.restRate),
        matrices: muonMatrices(config),
      };
  }
}

/** The optimizer at `factor` times the learning rate. */
function atRate(optimizer: Optimizer, factor: number): Optimizer {
  return {
    slots: optimizer.slots,
    apply: (p, g, slots, at) => optimizer.apply(p, g, slots, { ...at, rate: mul(at.rate, factor) }),
  };
}

type ConfigOf<K extends OptimizerConfig["kind"]> = Extract<OptimizerConfig, { kind: K }>;

function sgd({ momentum, nesterov, weightDecay }: ConfigOf<"sgd">): Optimizer {
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

function adam({ beta1, beta2, epsilon, weightDecay }: ConfigOf<"adam">): Optimizer {
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

function adamax({ beta1, beta2, epsilon, weightDecay }: ConfigOf<"adamax">): Optimizer {
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
