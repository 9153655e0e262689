import {
  Chain,
  Inverted,
  Rescale,
  squeeze,
  Whitening,
  ZeroPad,
  type Bijection,
} from "../bijections/index.js";
import * as z from "zod";
import { mean, relu, reshape, type Tensor } from "../graph/index.js";
import { BatchNorm, Conv2d, expectBound, Linear, type Context, type Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { count, depth, eventShape, expectImage } from "./config.js";
import { defineModel } from "./define.js";
import type { BlockInfo } from "./model.js";
import { residualOptions, ResidualStack } from "./residual-stack.js";

const iResNetClassifierConfig = z
  .strictObject({
    ...residualOptions,
    shape: eventShape,
    classes: count,
    blocks: z.array(depth).nonempty().readonly(),
    widths: z.array(count).readonly(),
    squeezeFirst: z.boolean(),
    channels: count,
    whiten: z.boolean().exactOptional(),
    headWidth: count.exactOptional(),
    centre: z.strictObject({ mean: z.number(), deviation: z.number().positive() }),
    pixels: z.literal("real").exactOptional(),
  })
  .refine(({ shape, blocks, widths }) => shape.length === 1 || widths.length === blocks.length, {
    error: "expected a width for each stage of blocks",
    path: ["widths"],
  });

/** Shape of the data, sizes of the network, and the bound on its layers. */
export type IResNetClassifierConfig = z.infer<typeof iResNetClassifierConfig>;

/**
 * The i-ResNet classifier: padding, residual stages, then batch norm, ReLU, average pooling and
 * a linear layer. With `c: null` it is the paper's "vanilla" network: the same, but not
 * guaranteed to be invertible.
 *
 * @param config.shape `[D]` of vectors or `[C, H, W]` of images
 * @param config.classes number of classes
 * @param config.blocks numbers of blocks of each stage; images are squeezed between stages
 * @param config.widths of images the hidden channels of each stage; of vectors the units of every block's
 *   hidden layers
 * @param config.squeezeFirst whether images are squeezed before the first stage too
 * @param config.channels channels (or features) that zero-padding brings the first stage to
 * @param config.whiten whether patches of 2x2 pixels, or the features of a vector, are made white before
 *   padding; not unless given
 * @param config.headWidth features of a layer between the blocks and the pooling, batch norm, ReLU and a
 *   free 1x1 convolution; there is none unless given
 * @param config.centre mean and standard deviation of the data, in their own units: 0…255 for pixels
 * @param config.pixels `"real"` for images of real numbers; unless given, images are pixels 0…255, which
 *   may lie between whole ones
 * @param config.activation `"elu"` (default), `"softplus"`, `"relu"`, `"lipswish"`, `"maxmin"`,
 *   `"clipswish"`, `"sine"` or a registered one
 * @param config.block `"residual"` (default), x + g(x), or `"monotone"`, of Ahn et al. 2022,
 *   https://arxiv.org/abs/2210.08176
 * @param config.concatenate `{ depth, growth }`: branches of layers that keep their input beside what they
 *   make of it, in place of `widths`, which are then not used; not by default (Perugachi-Diaz et al. 2021,
 *   https://arxiv.org/abs/2102.02694)
 * @param config.mix whether an invertible 1x1 map comes before each block; not by default
 * @param config.c bound on the norm of each layer, in (0, 0.998), 0.9 by default, so that a block's
 *   Lipschitz constant is at most the product over its layers, c³ for images; `null` for none, or
 *   `{ norm, invertible: false }` for a bound of 1 and more: then
 *   nothing keeps a block invertible, and an inverse may fail
 * @throws {UsageError} if a field is unknown, missing or outside its range.
 * @throws {LipschitzError} if c is a number outside (0, 0.998).
 * @throws {ShapeError} if an image can't be squeezed so often, or has too many channels.
 *
 * @see Behrmann et al. 2019, section 5.1, https://arxiv.org/abs/1811.00995
 */
export const iResNetClassifier = defineModel({
  kind: "i-resnet-classifier",
  name: "i-ResNet classifier",
  task: "classification",
  paper: "Behrmann et al., Invertible Residual Networks, https://arxiv.org/abs/1811.00995",
  year: 2019,
  schema: iResNetClassifierConfig,
  build: (config, scope) => {
    expectBound(config.c ?? undefined, "i-resnet-classifier");
    const { shape, classes, pixels } = config;
    const { parts, blocks } = body(scope, config);
    const bijection = new Chain(parts);
    const head = classifierHead(scope.child("head"), bijection.outShape[0]!, config);
    const logits = (x: Tensor, ctx: Context): Tensor => head(bijection.forward(x, ctx).value, ctx);
    return {
      shape,
      pixels: shape.length === 3 && pixels !== "real",
      bijection,
      blocks,
      classifier: { classes, logits },
    };
  },
});

/** z to logits. */
function classifierHead(
  scope: Scope,
  channels: number,
  { classes, headWidth }: IResNetClassifierConfig,
): (z: Tensor, ctx: Context) => Tensor {
  const norm = new BatchNorm(scope.child("norm"), channels);
  const hidden = headWidth !== undefined && {
    conv: new Conv2d(scope.child("conv"), {
      inChannels: channels,
      outChannels: headWidth,
      kernel: 1,
    }),
    norm: new BatchNorm(scope.child("hiddenNorm"), headWidth),
  };
  const features = headWidth ?? channels;
  const linear = new Linear(scope.child("linear"), features, classes);
  return (z, ctx) => {
    const batch = z.shape[0]!;
    const image = reshape(z, [batch, channels, sizeOf(z.shape.slice(2)), 1]);
    let h = relu(norm.apply(image, ctx));
    if (hidden) h = relu(hidden.norm.apply(hidden.conv.apply(h), ctx));
    return linear.apply(reshape(mean(h, [2, 3]), [batch, features]));
  };
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
