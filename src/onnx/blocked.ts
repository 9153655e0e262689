import type { Tensor } from "../graph/index.js";
import { linear, reverseTaps, sizes, type Sizes } from "./linear.js";
import type { Lowerings } from "./lowering.js";
import type { Scope } from "./scope.js";

/** Operators of ONNX Runtime's CPU provider on channels stored in blocks; internal to it. */
const domain = "com.microsoft.nchwc";
/** Below this batch size the reorders cost more than the blocked convolution saves. */
const leastBatch = 8;

/**
 * Convolutions on blocked channels, where they are faster: 3x3 and larger kernels on batches of
 * at least 8. The rest stays as in `linear`.
 *
 * @param block channels of a block: 16 with AVX-512, 8 with AVX2
 */
export function blocked(
  block: number,
): Pick<Lowerings, "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad"> {
  const padded = (channels: number): number => Math.ceil(channels / block) * block;

  /** `[in, out, h, w]` as a blocked filter: out and in blocks, taps, in, out. */
  const pack = (
    scope: Scope,
    filter: string,
    [inputs, outputs, h, w]: Sizes,
    reversed: boolean,
  ): string => {
    const [inPadded, outPadded, taps] = [padded(inputs), padded(outputs), h * w];
    const full =
      inPadded === inputs
        ? filter
        : scope.emit("Pad", [filter, scope.ints([0, 0, 0, 0, inPadded - inputs, 0, 0, 0])]);
    let blocks = reorderInput(scope, full);
    if (reversed) {
      const rows = scope.reshape(blocks, [(inPadded * outPadded) / block, taps, block]);
      const order = Array.from({ length: taps }, (_, tap) => taps - 1 - tap);
      blocks = scope.emit("Gather", [rows, scope.ints(order)], { axis: 1 });
    }
    const split = [inPadded / block, block, outPadded / block, taps, block];
    const packed = scope.transpose(scope.reshape(blocks, split), [2, 0, 3, 1, 4]);
    return scope.reshape(packed, [outPadded, inPadded, h, w]);
  };

  const convolve = (
    scope: Scope,
    inputs: readonly string[],
    kernel: readonly [number, number],
    reach: number,
    channels: number,
  ): string => {
    const attributes = { kernel_shape: kernel, pads: [reach, reach, reach, reach], group: 1 };
    const result = scope.emit("Conv", inputs, attributes, domain);
    return scope.emit("ReorderOutput", [result], { channels, channels_last: 0 }, domain);
  };

  const reorderInput = (scope: Scope, x: string): string =>
    scope.emit("ReorderInput", [x], { channels_last: 0 }, domain);

  const blocksOf = (scope: Scope, x: Tensor): string => scope.derived(x, "blocked", reorderInput);

  const padBias = (scope: Scope, bias: string, channels: number): string => {
    const flat = scope.reshape(bias, [channels]);
    const extra = padded(channels) - channels;
    return extra === 0 ? flat : scope.emit("Pad", [flat, scope.ints([0, extra])]);
  };

  return {
    conv2d: (node, inputs, scope) => {
      const [x, w] = [node.inputs[0]!, node.inputs[1]!];
      const [out, channels, kernel] = sizes(w);
      if (!fits(x, out, channels, kernel)) return linear.conv2d(node, inputs, scope);
      const filter = scope.derived(w, "blocked filter", (s, name) =>
        pack(s, s.transpose(name, [1, 0, 2, 3]), [channels, out, kernel, kernel], false),
      );
      const bias = inputs[2] === undefined ? [] : [padBias(scope, inputs[2], out)];
      const reach = (kernel - 1) / 2;
      return convolve(scope, [blocksOf(scope, x), filter, ...bias], [kernel, kernel], reach, out);
    },

    /** A convolution too, with the filter's channels swapped and its taps in reverse. */
    conv2dInputGrad: (node, inputs, scope) => {
      const [g, w] = [node.inputs[0]!, node.inputs[1]!];
      const [out, channels, kernel] = sizes(w);
      if (!fits(g, out, channels, kernel)) return linear.conv2dInputGrad(node, inputs, scope);
      const filter = scope.derived(w, "blocked adjoint", (s, name) =>
        pack(s, name, [out, channels, kernel, kernel], true),
      );
      const reach = (kernel - 1) / 2;
      return convolve(scope, [blocksOf(scope, g), filter], [kernel, kernel], reach, channels);
    },

    /**
     * A convolution with the batch as its channels: the side with more channels is the filter, as
     * high and wide as the image, and slides over the other side, padded.
     */
    conv2dWeightGrad: (node, inputs, scope) => {
      const [x, g] = [node.inputs[0]!, node.inputs[1]!];
      const [out, channels, kernel] = sizes(node);
      const [batch, , height, width] = sizes(x);
      if (!fits(x, out, channels, kernel) || batch % 4 !== 0) {
        return linear.conv2dWeightGrad(node, inputs, scope);
      }
      const xSlides = channels <= out;
      const [sliding, filtering] = xSlides ? [x, g] : [g, x];
      const filters = sizes(filtering)[1];
      const filter = scope.derived(filtering, "blocked image filter", (s, name) =>
        pack(s, name, [batch, filters, height, width], false),
      );
      const reach = (kernel - 1) / 2;
      const image = scope.derived(sliding, `blocked batch ${reach}`, (s, name) => {
        const margin = s.ints([0, 0, reach, reach, 0, 0, reach, reach]);
        return reorderInput(s, s.emit("Pad", [s.transpose(name, [1, 0, 2, 3]), margin]));
      });
      const result = convolve(scope, [image, filter], [height, width], 0, filters);
      return xSlides ? scope.transpose(result, [1, 0, 2, 3]) : reverseTaps(scope, result);
    },
  };
}

/** ReorderInput wants channels in multiples of 4. */
function fits(x: Tensor, out: number, channels: number, kernel: number): boolean {
  return kernel > 1 && sizes(x)[0] >= leastBatch && out % 4 === 0 && channels % 4 === 0;
}
