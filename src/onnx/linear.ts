import type { Tensor } from "../graph/index.js";
import type { Lowerings } from "./lowering.js";
import { sizes } from "./sizes.js";
import type { GraphScope } from "./scope.js";

export const linear: Pick<Lowerings, "matmul" | "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad"> =
  {
    matmul: (node, inputs, scope) => {
      const { transposeA, transposeB } = node.attributes;
      if (!transposeA && !transposeB) return scope.emit("MatMul", inputs);
      return scope.emit("Gemm", inputs, { transA: Number(transposeA), transB: Number(transposeB) });
    },

    conv2d: (node, [x, w, bias], scope) => {
      const [out, , kernel] = sizes(node.inputs[1]!);
      return samePadded(scope, kernel, bias ? [x!, w!, scope.reshape(bias, [out])] : [x!, w!]);
    },

    conv2dInputGrad: (node, [g], scope) => {
      const w = node.inputs[1]!;
      const [, , kernel] = sizes(w);
      return samePadded(scope, kernel, [g!, adjointFilter(scope, w)]);
    },

    conv2dWeightGrad: (node, _inputs, scope) => {
      const [x, g] = [node.inputs[0]!, node.inputs[1]!];
      const [out, channels, kernel] = sizes(node);
      if (kernel === 1) {
        const product = scope.emit("Gemm", [channelRows(scope, g), channelRows(scope, x)], {
          transB: 1,
        });
        return scope.reshape(product, node.shape);
      }
      // The side with fewer channels is laid out once per tap, which for one image costs little.
      if (channels <= out || sizes(x)[0] === 1) {
        const rows = [channelRows(scope, g), patchRows(scope, x, kernel)];
        return scope.reshape(scope.emit("Gemm", rows, { transB: 1 }), node.shape);
      }
      const rows = [patchRows(scope, g, kernel), channelRows(scope, x)];
      const product = scope.reshape(scope.emit("Gemm", rows, { transB: 1 }), [
        out,
        kernel,
        kernel,
        channels,
      ]);
      return reverseTaps(scope, scope.transpose(product, [0, 3, 1, 2]));
    },
  };

/** Rows of a part of a sum of outer products, and the largest result that is made of parts. */
const [partRows, mostSummed] = [1024, 128 * 128];

/**
 * The gradient of a 1x1 filter, aᵀ b `[O, C]`, from as many rows of both, `[N, O]` and `[N, C]`. A
 * product with a small result is computed by one thread, so long ones are added up from parts.
 */
export function rowProducts(
  scope: GraphScope,
  [a, b]: readonly [string, string],
  [rows, out, channels]: readonly [number, number, number],
): string {
  const parts = Math.floor(rows / partRows);
  if (parts < 2 || rows % parts !== 0 || out * channels > mostSummed) {
    return scope.emit("Gemm", [a, b], { transA: 1 });
  }
  const part = (name: string, columns: number): string =>
    scope.reshape(name, [parts, rows / parts, columns]);
  const products = scope.emit(
    "FusedMatMul",
    [part(a, out), part(b, channels)],
    { transA: 1 },
    "com.microsoft",
  );
  return scope.emit("ReduceSum", [products, scope.ints([0])], { keepdims: 0 });
}

function samePadded(scope: GraphScope, kernel: number, inputs: readonly string[]): string {
  const reach = (kernel - 1) / 2;
  return scope.emit("Conv", inputs, {
    kernel_shape: [kernel, kernel],
    pads: [reach, reach, reach, reach],
  });
}

/** The filter of a convolution's adjoint, a convolution too: channels swapped, taps in reverse. */
export function adjointFilter(scope: GraphScope, filter: Tensor): string {
  return scope.derived(filter, "adjoint", (s, t) => {
    const swapped = s.transpose(s.nameOf(t), [1, 0, 2, 3]);
    return sizes(t)[2] === 1 ? swapped : reverseTaps(s, swapped);
  });
}

/** Reverses the last two axes of a filter. */
function reverseTaps(scope: GraphScope, filter: string): string {
  const [last, beforeFirst] = [-1, -(2 ** 20)];
  return scope.emit("Slice", [
    filter,
    scope.ints([last, last]),
    scope.ints([beforeFirst, beforeFirst]),
    scope.ints([2, 3]),
    scope.ints([-1, -1]),
  ]);
}

/** `[B, C, H, W]` as `[C, B·H·W]`. */
function channelRows(scope: GraphScope, x: Tensor): string {
  const [batch, channels, height, width] = sizes(x);
  return scope.derived(x, "channel rows", (s, t) => {
    const name = s.nameOf(t);
    const leading = batch === 1 ? name : s.transpose(name, [1, 0, 2, 3]);
    return s.reshape(leading, [channels, batch * height * width]);
  });
}

/** `[B, C, H, W]` as `[C·k², B·H·W]`: for each channel, what each tap sees of it. */
function patchRows(scope: GraphScope, x: Tensor, kernel: number): string {
  const [batch, channels, height, width] = sizes(x);
  const tapCount = kernel * kernel;
  return scope.derived(x, `patch rows ${kernel}`, (s, t) => {
    const name = s.nameOf(t);
    const matrix = [channels * tapCount, batch * height * width];
    if (batch === 1) {
      const images = s.reshape(name, [channels, 1, height, width]);
      return s.reshape(samePadded(s, kernel, [images, eachTap(s, kernel)]), matrix);
    }
    const reach = (kernel - 1) / 2;
    const leading = s.transpose(name, [1, 0, 2, 3]);
    const padded = s.emit("Pad", [leading, s.ints([0, 0, reach, reach, 0, 0, reach, reach])]);
    const taps = Array.from({ length: tapCount }, (_, tap) => {
      const [i, j] = [Math.floor(tap / kernel), tap % kernel];
      return s.emit("Slice", [
        padded,
        s.ints([i, j]),
        s.ints([i + height, j + width]),
        s.ints([2, 3]),
      ]);
    });
    return s.reshape(s.emit("Concat", taps, { axis: 1 }), matrix);
  });
}

/** Filters `[k², 1, k, k]` of which each sees one tap. */
function eachTap(scope: GraphScope, kernel: number): string {
  const taps = kernel * kernel;
  const identity = Array.from({ length: taps * taps }, (_, i) => (i % (taps + 1) === 0 ? 1 : 0));
  return scope.floats(identity, [taps, 1, kernel, kernel]);
}
