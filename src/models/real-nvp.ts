import { z } from "zod";
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
import { Flow, StandardGaussian } from "../distributions/index.js";
import { denseNetwork, residualNetwork, type NetworkMaker, type Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { conditionOption, count, eventShape, expectImage, parseConfig } from "./config.js";
import { FlowDensity } from "./flow-density.js";
import { pixelBijections, pixelOption } from "./pixels.js";
import { hiddenChannels, multiScale } from "./scales.js";

export const realNvpConfig = z.strictObject({
  shape: eventShape,
  /**
   * Couplings of each scale: of an image so many on chessboards, then, but for the last scale, as
   * many on halves of the channels; of a vector so many on halves.
   */
  couplings: z.array(count).nonempty().readonly(),
  /** Hidden channels at an image's first scale, doubled at each next; sizes of hidden layers. */
  widths: z.array(count).readonly(),
  /** Residual blocks in each network on images. */
  blocks: count.default(2),
  pixels: pixelOption,
  condition: conditionOption,
});

/** Shape of the data, `couplings` by scale, and sizes of their networks. */
export type RealNvpConfig = z.infer<typeof realNvpConfig>;

/**
 * Real NVP: affine couplings, each followed by batch normalisation, with a standard Gaussian as
 * base. An image passes couplings on chessboards, a squeeze, and couplings on halves of the
 * channels, half of which are then finished; the last scale has chessboards alone.
 *
 * Densities of images are over [0, 256)ᴰ, so −log p/(D ln 2) is in bits/dim.
 *
 * @see Dinh et al. 2017, sections 3 and 4.1, https://arxiv.org/abs/1605.08803
 */
export class RealNvp extends FlowDensity {
  readonly kind = "real-nvp";
  readonly config: RealNvpConfig;

  /**
   * @throws {UsageError} if a field is unknown, missing or outside its range.
   * @throws {ShapeError} if an image can't be squeezed so often, or a vector has one feature.
   */
  constructor(options: z.input<typeof realNvpConfig>) {
    const config = parseConfig(realNvpConfig, options, "RealNvp");
    super(config, (scope) => {
      const bijection =
        config.shape.length === 3 ? imageBijection(scope, config) : vectorBijection(scope, config);
      return new Flow(new StandardGaussian(sizeOf(config.shape)), bijection);
    });
    this.config = config;
  }
}

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
  const width = hiddenChannels(config.widths, "RealNvp");
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
  return new Chain([...pixelBijections(config.shape, config.pixels), scales]);
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
