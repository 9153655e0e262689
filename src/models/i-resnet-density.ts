import { Chain, halfOf, MultiScale, squeeze, type Bijection } from "../bijections/index.js";
import { z } from "zod";
import { DiagonalGaussian, Flow } from "../distributions/index.js";
import { UsageError } from "../errors.js";
import { add, meanAll, neg, type Tensor } from "../graph/index.js";
import { Scope, type Context } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import type { BlockInfo, DensityModel, Objective } from "./model.js";
import { count, eventShape, parseConfig } from "./config.js";
import { pixelBijections, pixelOption } from "./pixels.js";
import {
  expectImage,
  expectResidualOptions,
  residualOptions,
  ResidualStack,
} from "./residual-stack.js";

export const iResNetDensityConfig = z.strictObject({
  ...residualOptions,
  shape: eventShape,
  /** Blocks of each scale; half the channels are factored out between scales of an image. */
  blocks: z.array(count).readonly(),
  /** Hidden channels of every block; for vectors, the sizes of the hidden layers. */
  widths: z.array(count).readonly(),
  pixels: pixelOption,
});

/**
 * Shape of the data, and sizes of the network: `blocks` and `widths` of its scales; `c` bounds
 * each layer's norm, so that a block's Lipschitz constant is at most the product over its layers,
 * c³ for images. With `c: null` nothing keeps a block invertible: its log-determinant may be NaN,
 * and the series may diverge.
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
export class IResNetDensity implements DensityModel {
  readonly kind = "i-resnet-density";
  readonly task = "density";
  readonly config: IResNetDensityConfig;
  readonly scope = new Scope();
  readonly batch: Readonly<Record<string, Shape>>;
  readonly bijection: Bijection;
  readonly blocks: readonly BlockInfo[];
  readonly dimensions: number;
  readonly discrete: boolean;
  readonly #flow: Flow;

  /**
   * @throws {UsageError} if a field is unknown, missing or outside its range.
   * @throws {LipschitzError} unless c is `null` or in (0, 1).
   * @throws {ShapeError} if an image can't be squeezed so often.
   */
  constructor(options: z.input<typeof iResNetDensityConfig>) {
    expectResidualOptions(options, "IResNetDensity");
    const config = parseConfig(iResNetDensityConfig, options, "IResNetDensity");
    this.config = config;
    this.batch = { x: config.shape };
    this.dimensions = sizeOf(config.shape);
    this.discrete = config.shape.length === 3;
    const { bijection, blocks } = this.discrete
      ? imageBody(this.scope, config)
      : vectorBody(this.scope, config);
    this.bijection = bijection;
    this.blocks = blocks;
    this.#flow = new Flow(
      new DiagonalGaussian(this.scope.child("base"), this.dimensions),
      bijection,
    );
  }

  logProb(x: Tensor, ctx: Context): Tensor {
    return this.#flow.logProb(x, ctx);
  }

  sample(count: number, temperature: Tensor | number, ctx: Context): ReturnType<Flow["sample"]> {
    return this.#flow.sample(count, temperature, ctx);
  }

  /** Mean of −log p in nats. */
  objective({ x }: Readonly<Record<string, Tensor>>, ctx: Context): Objective {
    if (!x) throw new UsageError("IResNetDensity: expected a batch of x");
    const data = this.discrete ? add(x, ctx.noise("uniform", x.shape)) : x;
    return { loss: neg(meanAll(this.logProb(data, ctx))), metrics: {} };
  }
}

interface Body {
  readonly bijection: Bijection;
  readonly blocks: readonly BlockInfo[];
}

function vectorBody(scope: Scope, config: IResNetDensityConfig): Body {
  const stacks = config.blocks.map(
    (blocks, stage) =>
      new ResidualStack(
        scope.child("stages").child(stage),
        config.shape,
        { blocks, hidden: config.widths, first: stage === 0 },
        config,
      ),
  );
  return {
    bijection: new Chain(stacks.flatMap((stack) => stack.parts)),
    blocks: stacks.flatMap((stack) => stack.blocks),
  };
}

function imageBody(scope: Scope, config: IResNetDensityConfig): Body {
  const blocks: BlockInfo[] = [];
  let shape: Shape = config.shape;
  const scales = config.blocks.map((count, stage) => {
    const half = squeeze(expectImage(stage === 0 ? shape : halfOf(shape)));
    shape = half.outShape;
    const stack = new ResidualStack(
      scope.child("stages").child(stage),
      shape,
      { blocks: count, hidden: config.widths, first: stage === 0 },
      config,
    );
    blocks.push(...stack.blocks);
    return new Chain([half, ...stack.parts]);
  });
  return {
    bijection: new Chain([...pixelBijections(config.shape, config.pixels), new MultiScale(scales)]),
    blocks,
  };
}
