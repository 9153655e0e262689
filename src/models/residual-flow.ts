import * as z from "zod";
import { expectBound } from "../nn/index.js";
import { activationOption, conditionOption, count, depth } from "./config.js";
import { defineModel } from "./define.js";
import { residualBodyOptions, residualDensity } from "./residual-body.js";
import { contraction } from "./residual-stack.js";

const residualFlowConfig = z
  .strictObject({
    ...residualBodyOptions,
    activation: activationOption.default("lipswish"),
    c: contraction.default(0.98),
    condition: conditionOption.exactOptional(),
    squeezeFirst: z.boolean().default(false),
    factorOut: z.boolean().default(false),
    dense: z.strictObject({ blocks: depth, widths: z.array(count).readonly() }).exactOptional(),
    alpha: z.number().gt(0).lt(0.5).default(1e-6),
  })
  .refine(({ shape, dense }) => shape.length === 3 || !dense, {
    error: "expected none for vectors, whose blocks are all fully connected",
    path: ["dense"],
  });

/** Shape of the data, sizes of the network, how its scales differ, and the bound on its layers. */
export type ResidualFlowConfig = z.infer<typeof residualFlowConfig>;

/**
 * The Residual Flow: an i-ResNet density of LipSwish blocks, whose scales differ by squeezes
 * alone, trained with the unbiased log-determinant of {@link roulette}. What the estimator, the
 * optimizer and the averages are is up to training: see the presets.
 *
 * The base is a learned diagonal Gaussian, where the paper has a last ActNorm and a standard one.
 * The paper's learned induced norms are left out: all norms are spectral.
 *
 * @param config.shape `[D]` of vectors or `[C, H, W]` of images
 * @param config.blocks numbers of residual blocks, of each scale of an image
 * @param config.widths of images the hidden channels of every block, one number; of vectors the units of
 *   each hidden layer
 * @param config.activation `"lipswish"` (default), `"elu"`, `"softplus"`, `"relu"`, `"maxmin"`,
 *   `"clipswish"`, `"sine"` or a registered one
 * @param config.block `"residual"` (default), x + g(x), or `"monotone"`, of Ahn et al. 2022,
 *   https://arxiv.org/abs/2210.08176
 * @param config.concatenate `{ depth, growth }`: branches of layers that keep their input beside what they
 *   make of it, in place of `widths`, which are then not used; not by default (Perugachi-Diaz et al. 2021,
 *   https://arxiv.org/abs/2102.02694)
 * @param config.mix whether an invertible 1x1 map comes before each block; not by default
 * @param config.c bound on the norm of each layer, in (0, 0.998), 0.98 by default, so that a block's
 *   Lipschitz constant is at most the product over its layers, c³ for images; `null` for none, or
 *   `{ norm, invertible: false }` for a bound of 1 and more: then
 *   nothing keeps a block invertible, its log-determinant may be NaN, and the series may diverge
 * @param config.squeezeFirst whether images are squeezed before the first scale too; not by default
 * @param config.factorOut whether half the channels are finished after each scale; not by default
 * @param config.dense `{ blocks, widths }` of fully connected blocks after the last scale of an image:
 *   their number, and the units of each hidden layer; none by default
 * @param config.alpha the logit is of α + (1 − 2α)·x/256, 10⁻⁶ by default, 0.05 for the paper's CIFAR-10
 * @param config.pixels of images: `"logit"` (default) or `"centre"` take whole pixels 0…255, with uniform
 *   noise of one unit added, to real numbers, and the density is over [0, 256)ᴰ, so that −log p/(D ln 2)
 *   is in bits/dim; `"real"` takes real numbers as they are. Vectors are real in any case.
 * @param config.condition features K of a condition, for p(x | condition); none by default
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 * @throws {LipschitzError} if c is a number outside (0, 0.998).
 * @throws {ShapeError} if an image can't be squeezed so often.
 *
 * @see Chen et al. 2019, sections 3 and 5.1, https://arxiv.org/abs/1906.02735
 */
export const residualFlow = defineModel({
  kind: "residual-flow",
  name: "Residual Flow",
  task: "density",
  paper:
    "Chen et al., Residual Flows for Invertible Generative Modeling, https://arxiv.org/abs/1906.02735",
  year: 2019,
  schema: residualFlowConfig,
  build: (config, scope) => {
    expectBound(config.c ?? undefined, "residual-flow");
    return residualDensity(scope, config, config);
  },
});
