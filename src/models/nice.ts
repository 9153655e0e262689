import * as z from "zod";
import { Chain, Coupling, DiagonalScale, evensFirst, halvesMask } from "../bijections/index.js";
import { StandardGaussian, StandardLogistic } from "../distributions/index.js";
import { denseNetwork } from "../nn/index.js";
import { sizeOf } from "../tree.js";
import { conditionOption, count, depth, eventShape } from "./config.js";
import { defineModel } from "./define.js";
import { holdPixels, pixelOption, vectorBijections } from "./pixels.js";

const niceConfig = z.strictObject({
  shape: eventShape,
  couplings: depth.default(4),
  hidden: z.array(count).readonly(),
  base: z.enum(["logistic", "gaussian"]).default("logistic"),
  pixels: pixelOption,
  condition: conditionOption.default(0),
});

/** Shape of the data, number of couplings, and sizes of their networks. */
export type NiceConfig = z.infer<typeof niceConfig>;

/**
 * NICE: additive couplings between the elements at even and at odd places, which keep volume, and
 * a learned scale of each element at the end. Images are taken as vectors.
 *
 * @param config.shape `[D]` of vectors or `[C, H, W]` of images
 * @param config.couplings 4 by default
 * @param config.hidden units of each hidden layer of each coupling's network
 * @param config.base distribution of the latents, `"logistic"` (default) or `"gaussian"`, both standard
 * @param config.pixels of images: `"logit"` (default) or `"centre"` take whole pixels 0…255, with uniform
 *   noise of one unit added, to real numbers, and the density is over [0, 256)ᴰ, so that −log p/(D ln 2)
 *   is in bits/dim; `"real"` takes real numbers as they are. Vectors are real in any case.
 * @param config.condition features K of a condition, for p(x | condition); 0, none, by default
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 * @throws {ShapeError} if there is but one element, of which no half can be kept.
 *
 * @see Dinh et al. 2015, sections 3 and 5.1, https://arxiv.org/abs/1410.8516
 */
export const nice = defineModel({
  kind: "nice",
  name: "NICE",
  task: "density",
  paper:
    "Dinh et al., NICE: Non-linear Independent Components Estimation, https://arxiv.org/abs/1410.8516",
  year: 2015,
  schema: niceConfig,
  build: (config, scope) => {
    const { shape, hidden, condition } = config;
    const features = sizeOf(shape);
    const network = denseNetwork({ hidden, condition, startsAtZero: false });
    const couplings = Array.from(
      { length: config.couplings },
      (_, i) =>
        new Coupling(scope.child("couplings").child(i), {
          mask: halvesMask([features], i % 2 === 0 ? "first" : "last"),
          transform: "additive",
          network,
        }),
    );
    const bijection = new Chain([
      ...vectorBijections(config),
      evensFirst(features),
      ...couplings,
      new DiagonalScale(scope.child("scale"), [features]),
    ]);
    const Base = config.base === "logistic" ? StandardLogistic : StandardGaussian;
    return {
      shape,
      condition,
      pixels: holdPixels(config),
      bijection,
      density: { base: new Base(features), logDet: "closed form" },
    };
  },
});
