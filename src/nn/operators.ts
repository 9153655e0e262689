import { conv2d, conv2dInputGrad, matmul, reshape, type Tensor } from "../graph/index.js";
import type { Shape } from "../tree.js";

/** The kind of linear map that a weight stands for; a convolution's with its height and width. */
export type OperatorKind =
  | { readonly kind: "matrix" }
  | { readonly kind: "conv"; readonly height: number; readonly width: number };

/** The linear map that a weight stands for, on one example (a batch of 1). */
export interface LinearOperator {
  readonly kind: OperatorKind;
  readonly inShape: Shape;
  readonly outShape: Shape;
  apply(v: Tensor, weight: Tensor): Tensor;
  adjoint(u: Tensor, weight: Tensor): Tensor;
}

/** The matrix of a dense layer or of a 1x1 convolution; weight `[O, I]` or `[O, I, 1, 1]`. */
export function matrixOperator(inFeatures: number, outFeatures: number): LinearOperator {
  const matrix = (weight: Tensor): Tensor => reshape(weight, [outFeatures, inFeatures]);
  return {
    kind: { kind: "matrix" },
    inShape: [1, inFeatures],
    outShape: [1, outFeatures],
    apply: (v, weight) => matmul(v, matrix(weight), { transposeB: true }),
    adjoint: (u, weight) => matmul(u, matrix(weight)),
  };
}

/** A zero-padded convolution at its true height and width; weight `[O, I, k, k]`. */
export function convOperator(
  inChannels: number,
  outChannels: number,
  height: number,
  width: number,
): LinearOperator {
  return {
    kind: { kind: "conv", height, width },
    inShape: [1, inChannels, height, width],
    outShape: [1, outChannels, height, width],
    apply: conv2d,
    adjoint: conv2dInputGrad,
  };
}
