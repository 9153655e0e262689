import {
  Chain,
  Inverted,
  Rescale,
  squeeze,
  Whitening,
  ZeroPad,
  type Bijection,
} from "../bijections/index.js";
import { z } from "zod";
import { UsageError } from "../errors.js";
import { mean, relu, reshape, type Tensor } from "../graph/index.js";
import { BatchNorm, Linear, Scope, type Context } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import type { BlockInfo, ClassifierModel, Objective } from "./model.js";
import { classification } from "./classification.js";
import { count, eventShape, expectImage, parseConfig } from "./config.js";
import { expectResidualOptions, residualOptions, ResidualStack } from "./residual-stack.js";

export const iResNetClassifierConfig = z
  .strictObject({
    ...residualOptions,
    shape: eventShape,
    classes: count,
    /** Blocks of each stage; images are squeezed between stages. */
    blocks: z.array(count).readonly(),
    /** Hidden channels of each stage; for vectors, the sizes of every block's hidden layers. */
    widths: z.array(count).readonly(),
    /** Whether images are squeezed before the first stage too. */
    squeezeFirst: z.boolean(),
    /** Channels (or features) that zero-padding brings the first stage to. */
    channels: count,
    /**
     * Whether patches of 2x2 pixels, or the features of a vector, are made white before padding;
     * not unless given.
     */
    whiten: z.boolean().exactOptional(),
    /** Mean and standard deviation of the data, in its own units. */
    centre: z.object({ mean: z.number(), deviation: z.number().positive() }),
  })
  .refine(({ shape, blocks, widths }) => shape.length === 1 || widths.length === blocks.length, {
    error: "expected a width for each stage of blocks",
    path: ["widths"],
  });

/**
 * Shape of the data, and sizes of the network: `blocks`, `widths` and `channels` of its stages;
 * `c` bounds each layer's norm, so that a block's Lipschitz constant is at most the product over
 * its layers, c³ for images.
 */
export type IResNetClassifierConfig = z.infer<typeof iResNetClassifierConfig>;

/**
 * The i-ResNet classifier: padding, residual stages, then batch norm, ReLU, average pooling and
 * a linear layer. With `c: null` it is the paper's "vanilla" network: the same, but not
 * guaranteed to be invertible.
 *
 * @see Behrmann et al. 2019, section 5.1, https://arxiv.org/abs/1811.00995
 */
export class IResNetClassifier implements ClassifierModel {
  readonly kind = "i-resnet-classifier";
  readonly task = "classification";
  readonly config: IResNetClassifierConfig;
  readonly scope = new Scope();
  readonly batch: Readonly<Record<string, Shape>>;
  readonly bijection: Bijection;
  readonly blocks: readonly BlockInfo[];
  readonly classes: number;
  readonly #norm: BatchNorm;
  readonly #linear: Linear;

  /**
   * @throws {UsageError} if a field is unknown, missing or outside its range.
   * @throws {LipschitzError} unless c is `null` or in (0, 1).
   * @throws {ShapeError} if an image can't be squeezed so often, or has too many channels.
   */
  constructor(options: z.input<typeof iResNetClassifierConfig>) {
    expectResidualOptions(options, "IResNetClassifier");
    const config = parseConfig(iResNetClassifierConfig, options, "IResNetClassifier");
    this.config = config;
    this.classes = config.classes;
    this.batch = { x: config.shape, y: [config.classes] };
    const { parts, blocks } = body(this.scope, config);
    this.bijection = new Chain(parts);
    this.blocks = blocks;
    const channels = this.bijection.outShape[0]!;
    const head = this.scope.child("head");
    this.#norm = new BatchNorm(head.child("norm"), channels);
    this.#linear = new Linear(head.child("linear"), channels, config.classes);
  }

  logits(x: Tensor, ctx: Context): Tensor {
    const z = this.bijection.forward(x, ctx).value;
    const [batch, channels] = [z.shape[0]!, z.shape[1]!];
    const image = reshape(z, [batch, channels, sizeOf(z.shape.slice(2)), 1]);
    const features = mean(relu(this.#norm.apply(image, ctx)), [2, 3]);
    return this.#linear.apply(reshape(features, [batch, channels]));
  }

  /** Cross-entropy in nats, and the percentage of wrong answers. */
  objective({ x, y }: Readonly<Record<string, Tensor>>, ctx: Context): Objective {
    if (!x || !y) throw new UsageError("IResNetClassifier: expected a batch of x and one-hot y");
    return classification(this.logits(x, ctx), y, ctx);
  }
}

function body(
  scope: Scope,
  config: IResNetClassifierConfig,
): { parts: Bijection[]; blocks: BlockInfo[] } {
  const { mean: offset, deviation } = config.centre;
  const parts: Bijection[] = [new Rescale(config.shape, { offset, scale: 1 / deviation })];
  const blocks: BlockInfo[] = [];
  const shape = (): Shape => parts.at(-1)!.outShape;
  if (config.squeezeFirst) parts.push(squeeze(expectImage(shape())));
  if (config.whiten === true) {
    parts.push(...whitening(scope.child("whitening"), shape(), config.squeezeFirst));
  }
  parts.push(new ZeroPad("padding", shape(), config.channels));
  config.blocks.forEach((count, stage) => {
    if (stage > 0 && shape().length === 3) parts.push(squeeze(expectImage(shape())));
    const stack = new ResidualStack(
      scope.child("stages").child(stage),
      shape(),
      {
        blocks: count,
        hidden: shape().length === 3 ? config.widths.slice(stage, stage + 1) : config.widths,
        first: stage === 0,
      },
      config,
    );
    parts.push(...stack.parts);
    blocks.push(...stack.blocks);
  });
  return { parts, blocks };
}

/** Of patches: images that aren't squeezed already are so for the time being. */
function whitening(scope: Scope, shape: Shape, isSqueezed: boolean): Bijection[] {
  if (isSqueezed || shape.length !== 3) return [new Whitening(scope, shape)];
  const patches = squeeze(expectImage(shape));
  return [patches, new Whitening(scope, patches.outShape), new Inverted(patches)];
}
