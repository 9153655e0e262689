import * as z from "zod";
import { ranges } from "../border/ranges.js";
import {
  ActNorm,
  Chain,
  ContinuousFlow,
  evaluationsSuffix,
  squeeze,
  type Bijection,
} from "../bijections/index.js";
import { StandardGaussian } from "../distributions/index.js";
import { UsageError } from "../errors.js";
import { addAll, type Tensor } from "../graph/index.js";
import { odeActivationNames, odeNet, type Context, type Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { conditionOption, count, eventShape, expectImage, whole } from "./config.js";
import { defineModel } from "./define.js";
import type { Batch, DensityPart, Objective } from "./model.js";
import { densityObjective } from "./objectives.js";
import { holdPixels, pixelBijections, pixelOption } from "./pixels.js";
import { multiScale } from "./scales.js";

const flowCount = whole({ ...ranges.depth, least: 0 });

const ffjordConfig = z.strictObject({
  shape: eventShape,
  flows: z
    .array(z.union([z.tuple([flowCount]), z.tuple([flowCount, flowCount])]))
    .min(1)
    .default([[1]])
    .readonly(),
  widths: z.array(count).readonly(),
  activation: z.enum(odeActivationNames).default("softplus"),
  actNorm: z.boolean().default(false),
  tolerance: z.number().positive().default(1e-5),
  steps: whole(ranges.iterations).default(1000),
  pixels: pixelOption,
  condition: conditionOption.default(0),
});

/** Shape of the data, numbers of flows, sizes of their networks, and accuracy of the solver. */
export type FfjordConfig = z.infer<typeof ffjordConfig>;

/**
 * FFJORD: continuous flows of networks of any form, a standard Gaussian as base. Where the
 * log-determinant is not asked for exactly, it is estimated without bias by Hutchinson's trace.
 * Beside its loss, training reports the `evaluations` of the networks in a forward pass.
 *
 * @param config.shape `[D]` of vectors or `[C, H, W]` of images
 * @param config.flows continuous flows of each scale: `[before]` or `[before, after]` a squeeze; half the
 *   channels are factored out between scales. A vector has one scale, `[[n]]`. `[[1]]` by default
 * @param config.widths hidden layers of each flow's network: units for vectors, channels for images
 * @param config.activation of those networks, `"softplus"` (default) or `"tanh"`
 * @param config.actNorm whether an ActNorm, set from data, precedes the flows of each scale; not by
 *   default, as in the paper
 * @param config.tolerance error that the solver allows in each step, absolute and relative, 10⁻⁵ by
 *   default; float32 has 10⁻⁶ at best
 * @param config.steps most steps that the solver tries in each flow, 1000 by default
 * @param config.pixels of images: `"logit"` (default) or `"centre"` take whole pixels 0…255, with uniform
 *   noise of one unit added, to real numbers, and the density is over [0, 256)ᴰ, so that −log p/(D ln 2)
 *   is in bits/dim; `"real"` takes real numbers as they are. Vectors are real in any case.
 * @param config.condition features K of a condition, for p(x | condition); 0, none, by default
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 * @throws {ShapeError} if an image can't be squeezed so often.
 *
 * @see Grathwohl et al. 2019, sections 3, 4.1 and B.1, https://arxiv.org/abs/1810.01367
 */
export const ffjord = defineModel({
  kind: "ffjord",
  name: "FFJORD",
  task: "density",
  paper:
    "Grathwohl et al., FFJORD: Free-form Continuous Dynamics for Scalable Reversible Generative Models, https://arxiv.org/abs/1810.01367",
  year: 2019,
  schema: ffjordConfig,
  build: (config, scope) => {
    const { shape, condition } = config;
    const bijection =
      shape.length === 3
        ? new Chain([...pixelBijections(config), imageScales(scope, config)])
        : new Chain(vectorFlows(scope, config));
    const base = new StandardGaussian(sizeOf(shape));
    const density: DensityPart = { base, logDet: "Hutchinson probe" };
    return {
      shape,
      condition,
      pixels: holdPixels(config),
      bijection,
      density,
      objective: (batch: Batch, ctx: Context): Objective => {
        const { loss } = densityObjective({ kind: "ffjord", bijection, density }, batch, ctx);
        return { loss, metrics: { evaluations: evaluationsOf(ctx) } };
      },
    };
  },
});

/** How often the solves of a forward pass evaluated their networks, in all. */
function evaluationsOf({ watched }: Context): Tensor {
  const counts = Object.entries(watched).filter(([name]) => name.endsWith(evaluationsSuffix));
  return addAll(
    counts.map(([, number]) => number),
    [],
  );
}

function vectorFlows(scope: Scope, config: FfjordConfig): Bijection[] {
  const [[number, squeezed] = [], ...others] = config.flows;
  if (number === undefined || squeezed !== undefined || others.length > 0) {
    throw new UsageError(
      `ffjord: expected one scale of flows without a squeeze for vectors, got ${JSON.stringify(config.flows)}; such as [[2]]`,
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
