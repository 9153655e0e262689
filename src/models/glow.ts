import * as z from "zod";
import {
  ActNorm,
  Chain,
  Coupling,
  halvesMask,
  InvertibleConv,
  squeeze,
  type Bijection,
} from "../bijections/index.js";
import { StandardGaussian } from "../distributions/index.js";
import { convNetwork, denseNetwork, type NetworkMaker, type Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { conditionOption, count, depth, eventShape, expectImage } from "./config.js";
import { defineModel } from "./define.js";
import { holdPixels, pixelBijections, pixelOption } from "./pixels.js";
import { hiddenChannels, multiScale } from "./scales.js";

const glowConfig = z.strictObject({
  shape: eventShape,
  steps: z.array(depth).nonempty().readonly(),
  widths: z.array(count).readonly(),
  pixels: pixelOption,
  condition: conditionOption.default(0),
});

/** Shape of the data, `steps` of flow by scale, and sizes of their networks. */
export type GlowConfig = z.infer<typeof glowConfig>;

/**
 * Glow: steps of ActNorm, an invertible 1x1 convolution and an affine coupling on halves of the
 * channels, with a standard Gaussian as base. An image is squeezed before each scale, and half its
 * channels are finished after it. Vectors pass the same steps with matrices.
 *
 * @param config.shape `[D]` of vectors or `[C, H, W]` of images
 * @param config.steps numbers of steps of flow of each scale, of which each begins with a squeeze of an
 *   image
 * @param config.widths of images the hidden channels of every network, one number; of vectors the units
 *   of each hidden layer
 * @param config.pixels of images: `"logit"` (default) or `"centre"` take whole pixels 0…255, with uniform
 *   noise of one unit added, to real numbers, and the density is over [0, 256)ᴰ, so that −log p/(D ln 2)
 *   is in bits/dim; `"real"` takes real numbers as they are. Vectors are real in any case.
 * @param config.condition features K of a condition, for p(x | condition); 0, none, by default
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 * @throws {ShapeError} if an image can't be squeezed so often, or a vector has one feature.
 *
 * @see Kingma and Dhariwal 2018, section 3, https://arxiv.org/abs/1807.03039
 */
export const glow = defineModel({
  kind: "glow",
  name: "Glow",
  task: "density",
  paper:
    "Kingma and Dhariwal, Glow: Generative Flow with Invertible 1x1 Convolutions, https://arxiv.org/abs/1807.03039",
  year: 2018,
  schema: glowConfig,
  build: (config, scope) => {
    const { shape, condition } = config;
    return {
      shape,
      condition,
      pixels: holdPixels(config),
      bijection:
        shape.length === 3 ? imageBijection(scope, config) : vectorBijection(scope, config),
      density: { base: new StandardGaussian(sizeOf(shape)), logDet: "closed form" },
    };
  },
});

function vectorBijection(scope: Scope, { shape, steps, widths, condition }: GlowConfig): Bijection {
  const network = denseNetwork({ hidden: widths, condition, startsAtZero: true });
  return new Chain(
    steps.flatMap((length, scale) =>
      flowSteps(scope.child("scales").child(scale), shape, length, network),
    ),
  );
}

function imageBijection(scope: Scope, config: GlowConfig): Bijection {
  const { shape, steps, condition } = config;
  const network = convNetwork({ hidden: hiddenChannels(config.widths, "glow"), condition });
  const scales = multiScale(shape, steps.length, (whole, i) => {
    const half = squeeze(expectImage(whole));
    const at = scope.child("scales").child(i);
    return new Chain([half, ...flowSteps(at, half.outShape, steps[i]!, network)]);
  });
  return new Chain([...pixelBijections(config), scales]);
}

function flowSteps(scope: Scope, shape: Shape, length: number, network: NetworkMaker): Bijection[] {
  return Array.from({ length }, (_, i) => {
    const at = scope.child("steps").child(i);
    return [
      new ActNorm(at.child("actNorm"), shape),
      new InvertibleConv(at.child("conv"), shape),
      new Coupling(at.child("coupling"), {
        mask: halvesMask(shape, "last"),
        transform: "sigmoid",
        network,
      }),
    ];
  }).flat();
}
