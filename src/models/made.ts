import { z } from "zod";
import { Chain } from "../bijections/index.js";
import { AutoregressiveMixture, Flow } from "../distributions/index.js";
import { sizeOf } from "../tree.js";
import { conditionOption, count, eventShape, parseConfig } from "./config.js";
import { FlowDensity } from "./flow-density.js";
import { pixelOption } from "./pixels.js";
import { standardised } from "./standardised.js";

export const madeConfig = z.strictObject({
  shape: eventShape,
  /** Sizes of the hidden layers. */
  hidden: z.array(count).readonly(),
  /** Gaussians in each conditional. */
  components: count.default(1),
  pixels: pixelOption,
  condition: conditionOption,
});

/** Shape of the data, sizes of the network, and Gaussians in each conditional. */
export type MadeConfig = z.infer<typeof madeConfig>;

/**
 * MADE: p(x) = Π p(x_d | x_1 … x_{d−1}), each conditional a Gaussian or a mixture of them, all by
 * one masked network. Images are taken as vectors, row by row of each channel; elements are first
 * standardised by an ActNorm.
 *
 * The network is the base distribution: latents are the standardised elements, and sampling is
 * sequential. With Gaussian conditionals, a {@link Maf} of one layer has standard normal latents.
 *
 * Densities of images are over [0, 256)ᴰ, so −log p/(D ln 2) is in bits/dim.
 *
 * @see Germain et al. 2015, https://arxiv.org/abs/1502.03509
 * @see Papamakarios et al. 2017, section 4, https://arxiv.org/abs/1705.07057 (real numbers)
 */
export class Made extends FlowDensity {
  readonly kind = "made";
  readonly config: MadeConfig;

  /** @throws {UsageError} if a field is unknown, missing or outside its range. */
  constructor(options: z.input<typeof madeConfig>) {
    const config = parseConfig(madeConfig, options, "Made");
    super(config, (scope) => {
      const { shape, pixels, ...network } = config;
      const base = new AutoregressiveMixture(scope.child("base"), sizeOf(shape), {
        ...network,
        reversed: false,
      });
      return new Flow(base, new Chain(standardised(scope, shape, pixels)));
    });
    this.config = config;
  }
}
