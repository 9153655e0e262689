import type { Tensor } from "../graph/index.js";
import { rowProducts } from "./linear.js";
import { sizes } from "./sizes.js";
import type { LayoutLowerings } from "./lowering.js";
import { pixels } from "./pixels.js";
import type { GraphScope } from "./scope.js";

/** 1x1 convolutions as one product of matrices, where images have their pixels first already. */
export const pixelConvolutions: Pick<
  LayoutLowerings,
  "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad"
> = {
  conv2d: (node, scope, bias) => {
    const [x, w] = [node.inputs[0]!, node.inputs[1]!];
    if (sizes(w)[2] !== 1 || !pixels.has(scope, x)) return undefined;
    const biases = bias ? [pixels.perChannel(scope, bias)] : [];
    const inputs = [channelsOf(scope, x), matrixOf(scope, w), ...biases];
    const y = scope.emit("Gemm", inputs, { transB: 1 });
    return { layout: pixels, name: pixels.shaped(scope, y, node) };
  },

  conv2dInputGrad: (node, scope) => {
    const [g, w] = [node.inputs[0]!, node.inputs[1]!];
    if (sizes(w)[2] !== 1 || !pixels.has(scope, g)) return undefined;
    const dx = scope.emit("MatMul", [channelsOf(scope, g), matrixOf(scope, w)]);
    return { layout: pixels, name: pixels.shaped(scope, dx, node) };
  },

  conv2dWeightGrad: (node, scope) => {
    const [x, g] = [node.inputs[0]!, node.inputs[1]!];
    const isOnPixels = pixels.has(scope, x) && pixels.has(scope, g);
    if (sizes(node)[2] !== 1 || !isOnPixels) return undefined;
    const [batch, channels, height, width] = sizes(x);
    const dw = rowProducts(
      scope,
      [channelsOf(scope, g), channelsOf(scope, x)],
      [batch * height * width, sizes(g)[1], channels],
    );
    return { rows: scope.reshape(dw, node.shape) };
  },
};

/** `[H·W·B, C]` */
function channelsOf(scope: GraphScope, image: Tensor): string {
  const [batch, channels, height, width] = sizes(image);
  return scope.derived(image, "channels of pixels", (s, t) =>
    s.reshape(pixels.of(s, t), [height * width * batch, channels]),
  );
}

/** `[O, C]` */
function matrixOf(scope: GraphScope, filter: Tensor): string {
  const [out, channels] = sizes(filter);
  return scope.derived(filter, "matrix", (s, t) => s.reshape(s.nameOf(t), [out, channels]));
}
