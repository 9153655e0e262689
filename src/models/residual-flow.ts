import { z } from "zod";
import { activationNames } from "../nn/index.js";
import { count, parseConfig } from "./config.js";
import type { DensityModel } from "./model.js";
import { conditionOption, residualBodyOptions } from "./residual-body.js";
import { ResidualDensity } from "./residual-density.js";
import { expectResidualOptions } from "./residual-stack.js";

export const residualFlowConfig = z.strictObject({
  ...residualBodyOptions,
  activation: z.enum(activationNames).default("lipswish"),
  c: z.number().nullable().default(0.98),
  condition: conditionOption,
  /** Whether images are squeezed before the first scale too. */
  squeezeFirst: z.boolean().default(false),
  /** Whether half the channels are finished after each scale. */
  factorOut: z.boolean().default(false),
  /** Fully connected blocks after the last scale of an image; none unless given. */
  dense: z.strictObject({ blocks: count, widths: z.array(count).readonly() }).exactOptional(),
  /** The logit is of α + (1 − 2α)·x/256. */
  alpha: z.number().gt(0).lt(0.5).default(1e-6),
});

/**
 * As {@link IResNetDensityConfig}, with the paper's LipSwish and c = 0.98 as defaults; `dense`
 * adds its fully connected blocks, and `alpha` is 0.05 for its CIFAR-10.
 */
export type ResidualFlowConfig = z.infer<typeof residualFlowConfig>;

/**
 * The Residual Flow: an i-ResNet density of LipSwish blocks, whose scales differ by squeezes
 * alone, trained with the unbiased log-determinant of {@link roulette}. What the estimator, the
 * optimizer and the averages are is up to training: see the presets.
 *
 * The base is a learned diagonal Gaussian, where the paper has a last ActNorm and a standard one.
 * The paper's learned induced norms are left out: all norms are spectral.
 *
 * @see Chen et al. 2019, sections 3 and 5.1, https://arxiv.org/abs/1906.02735
 */
export class ResidualFlow extends ResidualDensity implements DensityModel {
  readonly kind = "residual-flow";
  readonly task = "density";
  readonly config: ResidualFlowConfig;

  /**
   * @throws {UsageError} if a field is unknown, missing or outside its range.
   * @throws {LipschitzError} unless c is `null` or in (0, 1).
   * @throws {ShapeError} if an image can't be squeezed so often.
   */
  constructor(options: z.input<typeof residualFlowConfig>) {
    expectResidualOptions(options, "ResidualFlow");
    const config = parseConfig(residualFlowConfig, options, "ResidualFlow");
    super(config, config);
    this.config = config;
  }
}
