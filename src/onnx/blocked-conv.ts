import type { Tensor } from "../graph/index.js";
import { BlockedFilters } from "./blocked-filters.js";
import { nchwc, type Blocks } from "./blocks.js";
import { imagesMeeting } from "./filters.js";
import { rowProducts } from "./linear.js";
import { sizes } from "./sizes.js";
import type { LayoutLowerings, Lowered } from "./lowering.js";
import type { GraphScope } from "./scope.js";

/** For fewer images, packing a filter costs more than the blocked convolution saves. */
const leastBatch = 8;
/**
 * Times relative to that of a product in a convolution to many blocks of channels: of one to a single
 * block, and of adding one up where it belongs, which one thread does.
 */
const [narrowCost, sumCost] = [1.6, 80];

/** Lowers a convolution, or the adjoint of one, which has no bias. */
type Convolution = (
  node: Tensor,
  scope: GraphScope,
  isAdjoint: boolean,
  bias: Tensor | undefined,
) => Lowered;

/**
 * Convolutions on blocked channels, where they are faster: where enough images meet a filter for it
 * to be packed, and kernels of 1x1 only where the image is in blocks already.
 */
export function blockedConvolutions(
  blocks: Blocks,
): Pick<LayoutLowerings, "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad"> {
  const filters = new BlockedFilters(blocks);

  const takes = (scope: GraphScope, image: Tensor, filter: Tensor): boolean => {
    const [out, channels, kernel] = sizes(filter);
    if (kernel === 1) return blocks.has(scope, image) && out % blocks.size === 0;
    const isFull = out % 4 === 0 && channels % 4 === 0;
    return isFull && imagesMeeting(scope, image, filter) >= leastBatch;
  };

  const convolve = (
    scope: GraphScope,
    inputs: readonly string[],
    kernel: readonly [number, number],
    reach: number,
  ): string =>
    scope.emit(
      "Conv",
      inputs,
      { kernel_shape: kernel, pads: [reach, reach, reach, reach], group: 1 },
      nchwc,
    );

  /** By the products of each tap, added up where they belong: in rows. */
  const byTaps: Convolution = (node, scope, isAdjoint, bias) => {
    const [image, w] = [node.inputs[0]!, node.inputs[1]!];
    const [, , kernel] = sizes(w);
    const [batch, out, height, width] = sizes(node);
    const [taps, reach] = [out * kernel * kernel, (kernel - 1) / 2];
    const inputs = [blocks.of(scope, image), filters.ofTaps(scope, w, isAdjoint)];
    const products = blocks.unpack(scope, convolve(scope, inputs, [1, 1], 0), taps);
    const columns = scope.reshape(products, [batch, taps, height * width]);
    const sizesOf = [scope.ints([height, width]), scope.ints([kernel, kernel])];
    const pads = [reach, reach, reach, reach];
    const sum = scope.emit("Col2Im", [columns, ...sizesOf], { pads });
    return { rows: bias ? scope.emit("Add", [sum, scope.nameOf(bias)]) : sum };
  };

  const convolution: Convolution = (node, scope, isAdjoint, bias) => {
    const [image, w] = [node.inputs[0]!, node.inputs[1]!];
    const [out, channels, kernel] = [sizes(node)[1], sizes(image)[1], sizes(w)[2]];
    if (isNarrow(out, channels, kernel)) return byTaps(node, scope, isAdjoint, bias);
    const inputs =
      channels < blocks.size
        ? [scope.nameOf(image), filters.ofRows(scope, w, isAdjoint)]
        : [blocks.of(scope, image), filters.ofBlocks(scope, w, isAdjoint)];
    const biases = bias ? [padBias(scope, scope.nameOf(bias), out)] : [];
    const result = convolve(scope, [...inputs, ...biases], [kernel, kernel], (kernel - 1) / 2);
    if (blocks.fits(node)) return { layout: blocks, name: result };
    return { rows: blocks.toRows(scope, result, node) };
  };

  /** The gradient of a 1x1 filter: with pixels as channels and x's channels as pixels, a convolution. */
  const pointwiseGrad = (node: Tensor, scope: GraphScope): Lowered => {
    const [x, g] = [node.inputs[0]!, node.inputs[1]!];
    const [out, channels] = sizes(node);
    const [batch, , height, width] = sizes(x);
    if ((height * width) % blocks.size === 0) {
      const inputs = [blocks.turned(scope, x), filters.ofPixels(scope, g)];
      const products = blocks.unpack(scope, convolve(scope, inputs, [1, 1], 0), out);
      return { rows: scope.reshape(products, node.shape) };
    }
    const dw = rowProducts(
      scope,
      [blocks.pixelRows(scope, g), blocks.pixelRows(scope, x)],
      [batch * height * width, out, channels],
    );
    return { rows: scope.reshape(dw, node.shape) };
  };

  /** Whether so few channels come out that most of their block's products would be wasted. */
  const isNarrow = (out: number, channels: number, kernel: number): boolean => {
    if (kernel === 1 || out > blocks.size || channels % blocks.size !== 0) return false;
    const taps = out * kernel * kernel;
    const direct = blocks.padded(out) * kernel * kernel * channels * narrowCost;
    return blocks.padded(taps) * channels + taps * sumCost < direct;
  };

  const padBias = (scope: GraphScope, bias: string, channels: number): string => {
    const flat = scope.reshape(bias, [channels]);
    const extra = blocks.padded(channels) - channels;
    return extra === 0 ? flat : scope.emit("Pad", [flat, scope.ints([0, extra])]);
  };

  return {
    conv2d: (node, scope, bias) => {
      const [x, w] = [node.inputs[0]!, node.inputs[1]!];
      return takes(scope, x, w) ? convolution(node, scope, false, bias) : undefined;
    },

    conv2dInputGrad: (node, scope) => {
      const [g, w] = [node.inputs[0]!, node.inputs[1]!];
      return takes(scope, g, w) ? convolution(node, scope, true, undefined) : undefined;
    },

    /**
     * A convolution with the batch as its channels: the side with more channels is the filter, as
     * high and wide as the image, and slides over the other side, padded.
     */
    conv2dWeightGrad: (node, scope) => {
      const [x, g] = [node.inputs[0]!, node.inputs[1]!];
      const [out, channels, kernel] = sizes(node);
      const [batch, , height, width] = sizes(x);
      if (kernel === 1) {
        const isInBlocks = blocks.hasOnly(scope, x) && blocks.hasOnly(scope, g);
        return isInBlocks ? pointwiseGrad(node, scope) : undefined;
      }
      const isLarge = batch >= leastBatch && batch % 4 === 0;
      if (!isLarge || out % 4 !== 0 || channels % 4 !== 0) return undefined;
      const xSlides = channels <= out;
      const [sliding, filtering] = xSlides ? [x, g] : [g, x];
      const inputs = [padded(scope, sliding, kernel), filters.ofImages(scope, filtering)];
      const result = convolve(scope, inputs, [height, width], 0);
      const [rows, columns] = [sizes(sliding)[1], sizes(filtering)[1]];
      if (xSlides) {
        return { rows: scope.transpose(blocks.unpack(scope, result, columns), [1, 0, 2, 3]) };
      }
      const reversed = filters.reverseTaps(scope, result, [rows, columns, kernel, kernel]);
      return { rows: blocks.unpack(scope, reversed, columns) };
    },
  };

  /** `[B, C, H, W]` as an image of B channels, in blocks, for each of C, with a margin of zeros. */
  function padded(scope: GraphScope, images: Tensor, kernel: number): string {
    const reach = (kernel - 1) / 2;
    return scope.derived(images, `blocked batch ${reach}`, (s, t) => {
      const [batch, channels, height, width] = sizes(t);
      const all = blocks.padded(batch);
      const { size } = blocks;
      const turned = blocks.pack(s, s.transpose(s.nameOf(t), [1, 0, 2, 3]));
      const lines = s.reshape(turned, [(channels * all) / size, height, width * size]);
      const margin = [0, reach, reach * size];
      const wide = s.emit("Pad", [lines, s.ints([...margin, ...margin])]);
      return s.reshape(wide, [channels, all, height + 2 * reach, width + 2 * reach]);
    });
  }
}
