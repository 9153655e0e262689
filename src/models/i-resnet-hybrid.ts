import * as z from "zod";
import { UsageError } from "../errors.js";
import { add, div, mul, neg, relu, type Tensor } from "../graph/index.js";
import { dequantised, expectBound, Linear, type Context, type Scope } from "../nn/index.js";
import { sizeOf } from "../tree.js";
import { count } from "./config.js";
import { defineModel } from "./define.js";
import type { Batch, Objective } from "./model.js";
import { classification, weightedMean } from "./objectives.js";
import { residualBodyOptions, residualDensity } from "./residual-body.js";

const iResNetHybridConfig = z.strictObject({
  ...residualBodyOptions,
  classes: count,
  head: count.default(128),
  weight: z.number().nonnegative().default(1),
});

/** As {@link IResNetDensityConfig}, with `classes`, the `head`'s hidden units and the `weight`. */
export type IResNetHybridConfig = z.infer<typeof iResNetHybridConfig>;

/**
 * One i-ResNet that classifies and is a density: the body and base of {@link iResNetDensity}, and
 * on its latent z a head of a linear layer, ReLU and a linear layer. It minimises
 *
 *     −log p(class | x) − λ·log p(x),  λ = weight/D,
 *
 * in nats. A weight of 1 is the middle one that Chen et al. compare: they take λ = 0, 1/D and 1.
 * Their head pools features of every scale; this one takes the whole latent.
 *
 * @param config.shape `[D]` of vectors or `[C, H, W]` of images
 * @param config.blocks numbers of residual blocks, of each scale of an image
 * @param config.widths of images the hidden channels of every block, one number; of vectors the units of
 *   each hidden layer
 * @param config.activation `"elu"` (default), `"softplus"`, `"relu"`, `"lipswish"`, `"maxmin"`,
 *   `"clipswish"`, `"sine"` or a registered one
 * @param config.block `"residual"` (default), x + g(x), or `"monotone"`, of Ahn et al. 2022,
 *   https://arxiv.org/abs/2210.08176
 * @param config.concatenate `{ depth, growth }`: branches of layers that keep their input beside what they
 *   make of it, in place of `widths`, which are then not used; not by default (Perugachi-Diaz et al. 2021,
 *   https://arxiv.org/abs/2102.02694)
 * @param config.mix whether an invertible 1x1 map comes before each block; not by default
 * @param config.c bound on the norm of each layer, in (0, 0.998), 0.9 by default, so that a block's
 *   Lipschitz constant is at most the product over its layers, c³ for images; `null` for none, or
 *   `{ norm, invertible: false }` for a bound of 1 and more: then
 *   nothing keeps a block invertible, its log-determinant may be NaN, and the series may diverge
 * @param config.pixels of images: `"logit"` (default) or `"centre"` take whole pixels 0…255, with uniform
 *   noise of one unit added, to real numbers, and the density is over [0, 256)ᴰ, so that −log p/(D ln 2)
 *   is in bits/dim; `"real"` takes real numbers as they are. Vectors are real in any case.
 * @param config.classes number of classes
 * @param config.head hidden units of the classifier's head, 128 by default
 * @param config.weight λD: what −log p(x)/D counts for beside −log p(class | x), at least 0, 1 by default
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 * @throws {LipschitzError} if c is a number outside (0, 0.998).
 * @throws {ShapeError} if an image can't be squeezed so often.
 *
 * @see Nalisnick et al. 2019, https://arxiv.org/abs/1902.02767
 * @see Chen et al. 2019, section 5.4, https://arxiv.org/abs/1906.02735
 */
export const iResNetHybrid = defineModel({
  kind: "i-resnet-hybrid",
  name: "i-ResNet hybrid",
  task: "hybrid",
  paper:
    "Chen et al., Residual Flows for Invertible Generative Modeling, https://arxiv.org/abs/1906.02735",
  year: 2019,
  schema: iResNetHybridConfig,
  build: (config, scope) => {
    expectBound(config.c ?? undefined, "i-resnet-hybrid");
    const { classes, weight } = config;
    const parts = residualDensity(scope, config, { squeezeFirst: true, factorOut: true });
    const dimensions = sizeOf(config.shape);
    const logitsOf = head(scope.child("head"), dimensions, config);
    const { bijection, density } = parts;
    return {
      ...parts,
      density: { ...density, weight },
      classifier: {
        classes,
        logits: (x: Tensor, ctx: Context): Tensor => logitsOf(bijection.forward(x, ctx).value),
      },
      /** The weighted sum in nats, its two parts, and the percentage of wrong answers. */
      objective: (batch: Batch, ctx: Context): Objective => {
        const { x, y } = batch;
        if (!x || !y) throw new UsageError("i-resnet-hybrid: expected a batch of x and one-hot y");
        const { value: z, logDet } = bijection.forward(dequantised(x, ctx), ctx);
        const logProb = add(density.base.logProb(z, ctx), logDet);
        const perDimension = div(neg(weightedMean(logProb, batch.weight)), dimensions);
        const { loss, metrics } = classification(logitsOf(z), y, {
          weight: batch.weight,
          labelSmoothing: ctx.labelSmoothing,
        });
        return {
          loss: add(loss, mul(perDimension, weight)),
          metrics: {
            ...metrics,
            "cross-entropy (nats)": loss,
            "-log p(x) (nats/dim)": perDimension,
          },
        };
      },
    };
  },
});

function head(
  scope: Scope,
  features: number,
  { head: hidden, classes }: IResNetHybridConfig,
): (z: Tensor) => Tensor {
  const first = new Linear(scope.child("linear1"), features, hidden);
  const last = new Linear(scope.child("linear2"), hidden, classes);
  return (z) => last.apply(relu(first.apply(z)));
}
