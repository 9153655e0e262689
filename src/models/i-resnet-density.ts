import { z } from "zod";
import { parseConfig } from "./config.js";
import type { DensityModel } from "./model.js";
import { conditionOption, residualBodyOptions } from "./residual-body.js";
import { ResidualDensity } from "./residual-density.js";
import { expectResidualOptions } from "./residual-stack.js";

export const iResNetDensityConfig = z.strictObject({
  ...residualBodyOptions,
  condition: conditionOption,
});

/**
 * Shape of the data, and sizes of the network: `blocks` and `widths` of its scales; `c` bounds
 * each layer's norm, so that a block's Lipschitz constant is at most the product over its layers,
 * c³ for images. With `c: null` nothing keeps a block invertible: its log-determinant may be NaN,
 * and the series may diverge. With a `condition` of K features it is p(x | condition).
 */
export type IResNetDensityConfig = z.infer<typeof iResNetDensityConfig>;

/**
 * The i-ResNet as a density: squeeze, residual blocks, half the channels factored out after each
 * scale, a learned diagonal Gaussian as base. Vectors pass one stack of dense blocks.
 *
 * Densities of images are over [0, 256)ᴰ, so −log p/(D ln 2) is in bits/dim.
 *
 * @see Behrmann et al. 2019, section 5.3, https://arxiv.org/abs/1811.00995
 */
export class IResNetDensity extends ResidualDensity implements DensityModel {
  readonly kind = "i-resnet-density";
  readonly task = "density";
  readonly config: IResNetDensityConfig;

  /**
   * @throws {UsageError} if a field is unknown, missing or outside its range.
   * @throws {LipschitzError} unless c is `null` or in (0, 1).
   * @throws {ShapeError} if an image can't be squeezed so often.
   */
  constructor(options: z.input<typeof iResNetDensityConfig>) {
    expectResidualOptions(options, "IResNetDensity");
    const config = parseConfig(iResNetDensityConfig, options, "IResNetDensity");
    super(config, { squeezeFirst: true, factorOut: true });
    this.config = config;
  }
}
