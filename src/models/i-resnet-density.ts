import * as z from "zod";
import { expectBound } from "../nn/index.js";
import { conditionOption } from "./config.js";
import { defineModel } from "./define.js";
import { residualBodyOptions, residualDensity } from "./residual-body.js";

const iResNetDensityConfig = z.strictObject({
  ...residualBodyOptions,
  condition: conditionOption.exactOptional(),
});

/** Shape of the data, sizes of the network, and the bound on its layers. */
export type IResNetDensityConfig = z.infer<typeof iResNetDensityConfig>;

/**
 * The i-ResNet as a density: squeeze, residual blocks, half the channels factored out after each
 * scale, a learned diagonal Gaussian as base. Vectors pass one stack of dense blocks.
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
 * @param config.condition features K of a condition, for p(x | condition); none by default
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 * @throws {LipschitzError} if c is a number outside (0, 0.998).
 * @throws {ShapeError} if an image can't be squeezed so often.
 *
 * @see Behrmann et al. 2019, section 5.3, https://arxiv.org/abs/1811.00995
 */
export const iResNetDensity = defineModel({
  kind: "i-resnet-density",
  name: "i-ResNet density",
  task: "density",
  paper: "Behrmann et al., Invertible Residual Networks, https://arxiv.org/abs/1811.00995",
  year: 2019,
  schema: iResNetDensityConfig,
  build: (config, scope) => {
    expectBound(config.c ?? undefined, "i-resnet-density");
    return residualDensity(scope, config, { squeezeFirst: true, factorOut: true });
  },
});
