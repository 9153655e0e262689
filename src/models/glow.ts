import { z } from "zod";
import {
  ActNorm,
  Chain,
  Coupling,
  halvesMask,
  InvertibleConv,
  squeeze,
  type Bijection,
} from "../bijections/index.js";
import { Flow, StandardGaussian } from "../distributions/index.js";
import { convNetwork, denseNetwork, type NetworkMaker, type Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { conditionOption, count, eventShape, expectImage, parseConfig } from "./config.js";
import { FlowDensity } from "./flow-density.js";
import { pixelBijections, pixelOption } from "./pixels.js";
import { hiddenChannels, multiScale } from "./scales.js";

export const glowConfig = z.strictObject({
  shape: eventShape,
  /** Steps of flow of each scale, of which each begins with a squeeze of an image. */
  steps: z.array(count).nonempty().readonly(),
  /** Hidden channels of every network on images; for vectors, the sizes of the hidden layers. */
  widths: z.array(count).readonly(),
  pixels: pixelOption,
  condition: conditionOption,
});

/** Shape of the data, `steps` of flow by scale, and sizes of their networks. */
export type GlowConfig = z.infer<typeof glowConfig>;

/**
 * Glow: steps of ActNorm, an invertible 1x1 convolution and an affine coupling on halves of the
 * channels, with a standard Gaussian as base. An image is squeezed before each scale, and half its
 * channels are finished after it. Vectors pass the same steps with matrices.
 *
 * Densities of images are over [0, 256)ᴰ, so −log p/(D ln 2) is in bits/dim.
 *
 * @see Kingma and Dhariwal 2018, section 3, https://arxiv.org/abs/1807.03039
 */
export class Glow extends FlowDensity {
  readonly kind = "glow";
  readonly config: GlowConfig;

  /**
   * @throws {UsageError} if a field is unknown, missing or outside its range.
   * @throws {ShapeError} if an image can't be squeezed so often, or a vector has one feature.
   */
  constructor(options: z.input<typeof glowConfig>) {
    const config = parseConfig(glowConfig, options, "Glow");
    super(config, (scope) => {
      const bijection =
        config.shape.length === 3 ? imageBijection(scope, config) : vectorBijection(scope, config);
      return new Flow(new StandardGaussian(sizeOf(config.shape)), bijection);
    });
    this.config = config;
  }
}

function vectorBijection(scope: Scope, { shape, steps, widths, condition }: GlowConfig): Bijection {
  const network = denseNetwork({ hidden: widths, condition, startsAtZero: true });
  return new Chain(
    steps.flatMap((length, scale) =>
      flowSteps(scope.child("scales").child(scale), shape, length, network),
    ),
  );
}

function imageBijection(
  scope: Scope,
  { shape, steps, widths, pixels, condition }: GlowConfig,
): Bijection {
  const network = convNetwork({ hidden: hiddenChannels(widths, "Glow"), condition });
  const scales = multiScale(shape, steps.length, (whole, i) => {
    const half = squeeze(expectImage(whole));
    const at = scope.child("scales").child(i);
    return new Chain([half, ...flowSteps(at, half.outShape, steps[i]!, network)]);
  });
  return new Chain([...pixelBijections(shape, pixels), scales]);
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
