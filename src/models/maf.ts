import { z } from "zod";
import { BatchNormBijection, Chain, MaskedAutoregressive } from "../bijections/index.js";
import { Flow, StandardGaussian } from "../distributions/index.js";
import { sizeOf } from "../tree.js";
import { conditionOption, count, eventShape, parseConfig } from "./config.js";
import { FlowDensity } from "./flow-density.js";
import { pixelOption } from "./pixels.js";
import { standardised } from "./standardised.js";

export const mafConfig = z.strictObject({
  shape: eventShape,
  /** Autoregressive bijections. */
  layers: count.default(5),
  /** Sizes of the hidden layers of each one's network. */
  hidden: z.array(count).readonly(),
  pixels: pixelOption,
  condition: conditionOption,
});

/** Shape of the data, number of layers, and sizes of their networks. */
export type MafConfig = z.infer<typeof mafConfig>;

/**
 * MAF: masked autoregressive bijections, the order reversed from one to the next, each followed by
 * batch normalisation, with a standard Gaussian as base. Images are taken as vectors, row by row of
 * each channel; elements are first standardised by an ActNorm. Sampling is sequential in each layer.
 *
 * Densities of images are over [0, 256)ᴰ, so −log p/(D ln 2) is in bits/dim.
 *
 * @see Papamakarios et al. 2017, sections 3 and 4, https://arxiv.org/abs/1705.07057
 */
export class Maf extends FlowDensity {
  readonly kind = "maf";
  readonly config: MafConfig;

  /** @throws {UsageError} if a field is unknown, missing or outside its range. */
  constructor(options: z.input<typeof mafConfig>) {
    const config = parseConfig(mafConfig, options, "Maf");
    super(config, (scope) => {
      const { shape, pixels, hidden, condition } = config;
      const features = sizeOf(shape);
      const layers = Array.from({ length: config.layers }, (_, i) => {
        const at = scope.child("layers").child(i);
        const reversed = i % 2 === 1;
        return [
          new MaskedAutoregressive(at.child("made"), features, { hidden, condition, reversed }),
          new BatchNormBijection(at.child("norm"), [features]),
        ];
      });
      const bijection = new Chain([...standardised(scope, shape, pixels), ...layers.flat()]);
      return new Flow(new StandardGaussian(features), bijection);
    });
    this.config = config;
  }
}
