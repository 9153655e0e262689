import * as z from "zod";
import { BatchNormBijection, Chain, MaskedAutoregressive } from "../bijections/index.js";
import { StandardGaussian } from "../distributions/index.js";
import { sizeOf } from "../tree.js";
import { conditionOption, count, depth, eventShape } from "./config.js";
import { defineModel } from "./define.js";
import { holdPixels, pixelOption } from "./pixels.js";
import { standardised } from "./standardised.js";

const mafConfig = z.strictObject({
  shape: eventShape,
  layers: depth.default(5),
  hidden: z.array(count).readonly(),
  pixels: pixelOption,
  condition: conditionOption.default(0),
});

/** Shape of the data, number of layers, and sizes of their networks. */
export type MafConfig = z.infer<typeof mafConfig>;

/**
 * MAF: masked autoregressive bijections, the order reversed from one to the next, each followed by
 * batch normalisation, with a standard Gaussian as base. Images are taken as vectors, row by row of
 * each channel; elements are first standardised by an ActNorm. Sampling is sequential in each layer.
 *
 * @param config.shape `[D]` of vectors or `[C, H, W]` of images
 * @param config.layers autoregressive bijections, 5 by default
 * @param config.hidden units of each hidden layer of each one's network
 * @param config.pixels of images: `"logit"` (default) or `"centre"` take whole pixels 0…255, with uniform
 *   noise of one unit added, to real numbers, and the density is over [0, 256)ᴰ, so that −log p/(D ln 2)
 *   is in bits/dim; `"real"` takes real numbers as they are. Vectors are real in any case.
 * @param config.condition features K of a condition, for p(x | condition); 0, none, by default
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 *
 * @see Papamakarios et al. 2017, sections 3 and 4, https://arxiv.org/abs/1705.07057
 */
export const maf = defineModel({
  kind: "maf",
  name: "MAF",
  task: "density",
  paper:
    "Papamakarios et al., Masked Autoregressive Flow for Density Estimation, https://arxiv.org/abs/1705.07057",
  year: 2017,
  schema: mafConfig,
  build: (config, scope) => {
    const { shape, hidden, condition } = config;
    const features = sizeOf(shape);
    const layers = Array.from({ length: config.layers }, (_, i) => {
      const at = scope.child("layers").child(i);
      const reversed = i % 2 === 1;
      return [
        new MaskedAutoregressive(at.child("made"), features, { hidden, condition, reversed }),
        new BatchNormBijection(at.child("norm"), [features]),
      ];
    });
    return {
      shape,
      condition,
      pixels: holdPixels(config),
      bijection: new Chain([...standardised(scope, config), ...layers.flat()]),
      density: { base: new StandardGaussian(features), logDet: "closed form" },
    };
  },
});
