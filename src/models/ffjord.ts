import { z } from "zod";
import {
  ActNorm,
  Chain,
  ContinuousFlow,
  evaluationsSuffix,
  squeeze,
  type Bijection,
} from "../bijections/index.js";
import { Flow, StandardGaussian } from "../distributions/index.js";
import { UsageError } from "../errors.js";
import { addAll, type Tensor } from "../graph/index.js";
import { odeActivationNames, odeNet, type Context, type Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { conditionOption, count, eventShape, expectImage, parseConfig } from "./config.js";
import { FlowDensity } from "./flow-density.js";
import type { Objective } from "./model.js";
import { pixelBijections, pixelOption } from "./pixels.js";
import { multiScale } from "./scales.js";

const flowCount = z.int().nonnegative();

export const ffjordConfig = z.strictObject({
  shape: eventShape,
  /**
   * Continuous flows of each scale: how many before a squeeze and how many after it, or how many
   * without one. Half the channels are factored out between scales. A vector has one scale.
   */
  flows: z
    .array(z.union([z.tuple([flowCount]), z.tuple([flowCount, flowCount])]))
    .min(1)
    .default([[1]])
    .readonly(),
  /** Sizes of the hidden layers of each flow's network: features of vectors, channels of images. */
  widths: z.array(count).readonly(),
  activation: z.enum(odeActivationNames).default("softplus"),
  /** Whether an ActNorm, set from data, precedes the flows of each scale; the paper has none. */
  actNorm: z.boolean().default(false),
  /** Error that the solver allows in each step, absolute and relative; float32 has 10⁻⁶ at best. */
  tolerance: z.number().positive().default(1e-5),
  /** Most steps that the solver tries in each flow. */
  steps: count.default(1000),
  pixels: pixelOption,
  condition: conditionOption,
});

/** Shape of the data, numbers of flows, sizes of their networks, and accuracy of the solver. */
export type FfjordConfig = z.infer<typeof ffjordConfig>;

/**
 * FFJORD: continuous flows of networks of any form, a standard Gaussian as base. Where the
 * log-determinant is not asked for exactly, it is estimated without bias by Hutchinson's trace.
 *
 * Densities of images are over [0, 256)ᴰ, so −log p/(D ln 2) is in bits/dim.
 *
 * @see Grathwohl et al. 2019, sections 3, 4.1 and B.1, https://arxiv.org/abs/1810.01367
 */
export class Ffjord extends FlowDensity {
  readonly kind = "ffjord";
  override readonly logDet = "Hutchinson probe";
  readonly config: FfjordConfig;

  /**
   * @throws {UsageError} if a field is unknown, missing or outside its range.
   * @throws {ShapeError} if an image can't be squeezed so often.
   */
  constructor(options: z.input<typeof ffjordConfig>) {
    const config = parseConfig(ffjordConfig, options, "Ffjord");
    super(config, (scope) => ffjordFlow(scope, config));
    this.config = config;
  }

  /** Mean of −log p in nats; `evaluations` of the networks that the solves of a forward pass took. */
  override objective(batch: Readonly<Record<string, Tensor>>, ctx: Context): Objective {
    const { loss } = super.objective(batch, ctx);
    const counts = Object.entries(ctx.watched).filter(([name]) => name.endsWith(evaluationsSuffix));
    const evaluations = addAll(
      counts.map(([, number]) => number),
      [],
    );
    return { loss, metrics: { evaluations } };
  }
}

function ffjordFlow(scope: Scope, config: FfjordConfig): Flow {
  const { shape } = config;
  const body =
    shape.length === 3
      ? new Chain([...pixelBijections(shape, config.pixels), imageScales(scope, config)])
      : new Chain(vectorFlows(scope, config));
  return new Flow(new StandardGaussian(sizeOf(shape)), body);
}

function vectorFlows(scope: Scope, config: FfjordConfig): Bijection[] {
  const [[number, squeezed] = [], ...others] = config.flows;
  if (number === undefined || squeezed !== undefined || others.length > 0) {
    throw new UsageError(
      `Ffjord: expected one scale of flows without a squeeze for vectors, got ${JSON.stringify(config.flows)}; such as [[2]]`,
    );
  }
  return [
    ...normalisation(scope, config.shape, config),
    ...stack(scope.child("flows"), config.shape, number, config),
  ];
}

function imageScales(scope: Scope, config: FfjordConfig): Bijection {
  return multiScale(config.shape, config.flows.length, (shape, i) => {
    const within = scope.child("scales").child(i);
    const [before, after] = config.flows[i]!;
    const first = [
      ...normalisation(within, shape, config),
      ...stack(within.child("before"), shape, before, config),
    ];
    if (after === undefined) return new Chain(first);
    const half = squeeze(expectImage(shape));
    return new Chain([
      ...first,
      half,
      ...stack(within.child("after"), half.outShape, after, config),
    ]);
  });
}

function normalisation(scope: Scope, shape: Shape, { actNorm }: FfjordConfig): Bijection[] {
  return actNorm ? [new ActNorm(scope.child("actNorm"), shape)] : [];
}

function stack(scope: Scope, shape: Shape, number: number, config: FfjordConfig): Bijection[] {
  return Array.from({ length: number }, (_, i) => {
    const within = scope.child(i);
    return new ContinuousFlow(within.path, shape, odeNet(within, shape, config), config);
  });
}
