import * as z from "zod";
import { Chain } from "../bijections/index.js";
import { AutoregressiveMixture } from "../distributions/index.js";
import { sizeOf } from "../tree.js";
import { conditionOption, count, eventShape } from "./config.js";
import { defineModel } from "./define.js";
import { holdPixels, pixelOption } from "./pixels.js";
import { standardised } from "./standardised.js";

const madeConfig = z.strictObject({
  shape: eventShape,
  hidden: z.array(count).readonly(),
  components: count.default(1),
  pixels: pixelOption,
  condition: conditionOption.default(0),
});

/** Shape of the data, sizes of the network, and Gaussians in each conditional. */
export type MadeConfig = z.infer<typeof madeConfig>;

/**
 * MADE: p(x) = Π p(x_d | x_1 … x_{d−1}), each conditional a Gaussian or a mixture of them, all by
 * one masked network. Images are taken as vectors, row by row of each channel; elements are first
 * standardised by an ActNorm.
 *
 * The network is the base distribution: latents are the standardised elements, and sampling is
 * sequential. With Gaussian conditionals, a {@link maf} of one layer has standard normal latents.
 *
 * @param config.shape `[D]` of vectors or `[C, H, W]` of images
 * @param config.hidden units of each hidden layer
 * @param config.components Gaussians in each conditional, 1 by default
 * @param config.pixels of images: `"logit"` (default) or `"centre"` take whole pixels 0…255, with uniform
 *   noise of one unit added, to real numbers, and the density is over [0, 256)ᴰ, so that −log p/(D ln 2)
 *   is in bits/dim; `"real"` takes real numbers as they are. Vectors are real in any case.
 * @param config.condition features K of a condition, for p(x | condition); 0, none, by default
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 *
 * @see Germain et al. 2015, https://arxiv.org/abs/1502.03509
 * @see Papamakarios et al. 2017, section 4, https://arxiv.org/abs/1705.07057 (real numbers)
 */
export const made = defineModel({
  kind: "made",
  name: "MADE",
  task: "density",
  paper:
    "Germain et al., MADE: Masked Autoencoder for Distribution Estimation, https://arxiv.org/abs/1502.03509",
  year: 2015,
  schema: madeConfig,
  build: ({ shape, pixels, condition, ...network }, scope) => {
    const options = { ...network, condition, reversed: false };
    const base = new AutoregressiveMixture(scope.child("base"), sizeOf(shape), options);
    return {
      shape,
      condition,
      pixels: holdPixels({ shape, pixels }),
      bijection: new Chain(standardised(scope, { shape, pixels })),
      density: { base, logDet: "closed form" },
    };
  },
});
