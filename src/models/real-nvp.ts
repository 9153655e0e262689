import * as z from "zod";
import {
  BatchNormBijection,
  Chain,
  checkerboardMask,
  Coupling,
  halvesMask,
  squeeze,
  type Bijection,
  type Mask,
} from "../bijections/index.js";
import { StandardGaussian } from "../distributions/index.js";
import { denseNetwork, residualNetwork, type NetworkMaker, type Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { conditionOption, count, depth, eventShape, expectImage } from "./config.js";
import { defineModel } from "./define.js";
import { holdPixels, pixelBijections, pixelOption } from "./pixels.js";
import { hiddenChannels, multiScale } from "./scales.js";

const realNvpConfig = z.strictObject({
  shape: eventShape,
  couplings: z.array(depth).nonempty().readonly(),
  widths: z.array(count).readonly(),
  blocks: depth.default(2),
  pixels: pixelOption,
  condition: conditionOption.default(0),
});

/** Shape of the data, `couplings` by scale, and sizes of their networks. */
export type RealNvpConfig = z.infer<typeof realNvpConfig>;

/**
 * Real NVP: affine couplings, each followed by batch normalisation, with a standard Gaussian as
 * base. An image passes couplings on chessboards, a squeeze, and couplings on halves of the
 * channels, half of which are then finished; the last scale has chessboards alone.
 *
 * @param config.shape `[D]` of vectors or `[C, H, W]` of images
 * @param config.couplings numbers of couplings of each scale: of an image so many on chessboards, then,
 *   but for the last scale, as many on halves of the channels; of a vector so many on halves
 * @param config.widths of images the hidden channels at the first scale, one number, doubled at each
 *   next; of vectors the units of each hidden layer
 * @param config.blocks residual blocks in each network on images, 2 by default
 * @param config.pixels of images: `"logit"` (default) or `"centre"` take whole pixels 0…255, with uniform
 *   noise of one unit added, to real numbers, and the density is over [0, 256)ᴰ, so that −log p/(D ln 2)
 *   is in bits/dim; `"real"` takes real numbers as they are. Vectors are real in any case.
 * @param config.condition features K of a condition, for p(x | condition); 0, none, by default
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 * @throws {ShapeError} if an image can't be squeezed so often, or a vector has one feature.
 *
 * @see Dinh et al. 2017, sections 3 and 4.1, https://arxiv.org/abs/1605.08803
 */
export const realNvp = defineModel({
  kind: "real-nvp",
  name: "Real NVP",
  task: "density",
  paper: "Dinh et al., Density estimation using Real NVP, https://arxiv.org/abs/1605.08803",
  year: 2017,
  schema: realNvpConfig,
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

function vectorBijection(
  scope: Scope,
  { shape, couplings, widths, condition }: RealNvpConfig,
): Bijection {
  const network = denseNetwork({ hidden: widths, condition, startsAtZero: false });
  return new Chain(
    couplings.flatMap((length, scale) =>
      normalisedCouplings(scope.child("scales").child(scale), network, halves(shape, length)),
    ),
  );
}

function imageBijection(scope: Scope, config: RealNvpConfig): Bijection {
  const { couplings, condition, blocks } = config;
  const width = hiddenChannels(config.widths, "real-nvp");
  const scales = multiScale(config.shape, couplings.length, (shape, i) => {
    const network = residualNetwork({ hidden: width * 2 ** i, condition, blocks });
    const at = scope.child("scales").child(i);
    const length = couplings[i]!;
    const chessboards = normalisedCouplings(at.child("chessboard"), network, boards(shape, length));
    if (i === couplings.length - 1) return new Chain(chessboards);
    const half = squeeze(expectImage(shape));
    const channels = halves(half.outShape, length);
    return new Chain([
      ...chessboards,
      half,
      ...normalisedCouplings(at.child("channels"), network, channels),
    ]);
  });
  return new Chain([...pixelBijections(config), scales]);
}

function normalisedCouplings(
  scope: Scope,
  network: NetworkMaker,
  masks: readonly Mask[],
): Bijection[] {
  return masks.flatMap((mask, i) => {
    const at = scope.child(i);
    return [
      new Coupling(at.child("coupling"), { mask, transform: "tanh", network }),
      new BatchNormBijection(at.child("norm"), mask.shape),
    ];
  });
}

const halves = (shape: Shape, length: number): Mask[] =>
  Array.from({ length }, (_, i) => halvesMask(shape, i % 2 === 0 ? "first" : "last"));

const boards = (shape: Shape, length: number): Mask[] =>
  Array.from({ length }, (_, i) => checkerboardMask(shape, i % 2 === 0 ? "even" : "odd"));
