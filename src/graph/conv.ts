import { ShapeError } from "../errors.js";
import { axisSize } from "./structure.js";
import { expectRank, makeNode, type Tensor } from "./tensor.js";

/**
 * Convolution (cross-correlation, stride 1) with zero padding that keeps height and width:
 * y[b,o,i,j] = Σ x[b,c,i+p−k/2,j+q−k/2] · w[o,c,p,q].
 *
 * It is bilinear, and so are its two adjoints below: the three are closed under differentiation.
 *
 * @param x `[B, I, H, W]`
 * @param w `[O, I, k, k]`, k odd
 * @returns `[B, O, H, W]`
 * @throws {ShapeError} if the shapes don't fit.
 */
export function conv2d(x: Tensor, w: Tensor): Tensor {
  const [b, , h, width] = imageSizes(x, "conv2d: x");
  const [out, kernelIn] = kernelSizes(w, "conv2d: w");
  expectChannels(x, kernelIn, "conv2d: x");
  return makeNode("conv2d", [x, w], {}, [b, out, h, width]);
}

/**
 * Gradient of ⟨conv2d(x, w), g⟩ in x: the transposed convolution of g.
 *
 * @param g `[B, O, H, W]`
 * @param w `[O, I, k, k]`
 * @returns `[B, I, H, W]`
 * @throws {ShapeError} if the shapes don't fit.
 */
export function conv2dInputGrad(g: Tensor, w: Tensor): Tensor {
  const [b, , h, width] = imageSizes(g, "conv2dInputGrad: g");
  const [out, kernelIn] = kernelSizes(w, "conv2dInputGrad: w");
  expectChannels(g, out, "conv2dInputGrad: g");
  return makeNode("conv2dInputGrad", [g, w], {}, [b, kernelIn, h, width]);
}

/**
 * Gradient of ⟨conv2d(x, w), g⟩ in w.
 *
 * @param x `[B, I, H, W]`
 * @param g `[B, O, H, W]`
 * @returns `[O, I, kernel, kernel]`
 * @throws {ShapeError} if the shapes don't fit.
 */
export function conv2dWeightGrad(x: Tensor, g: Tensor, kernel: number): Tensor {
  const [b, kernelIn, h, width] = imageSizes(x, "conv2dWeightGrad: x");
  const [gb, out, gh, gw] = imageSizes(g, "conv2dWeightGrad: g");
  if (b !== gb || h !== gh || width !== gw) {
    throw new ShapeError(
      `conv2dWeightGrad: expected equal batch, height and width, got [${x.shape}] and [${g.shape}]`,
    );
  }
  if (kernel % 2 !== 1) {
    throw new ShapeError(`conv2dWeightGrad: expected a kernel of odd size, got ${kernel}`);
  }
  return makeNode("conv2dWeightGrad", [x, g], {}, [out, kernelIn, kernel, kernel]);
}

function imageSizes(x: Tensor, where: string): [number, number, number, number] {
  expectRank(x, 4, where);
  return [axisSize(x, 0), axisSize(x, 1), axisSize(x, 2), axisSize(x, 3)];
}

function kernelSizes(w: Tensor, where: string): [number, number] {
  const [out, kernelIn, height, width] = imageSizes(w, where);
  if (height !== width || height % 2 === 0) {
    throw new ShapeError(`${where}: expected a square kernel of odd size, got [${w.shape}]`);
  }
  return [out, kernelIn];
}

function expectChannels(x: Tensor, channels: number, where: string): void {
  if (axisSize(x, 1) !== channels) {
    throw new ShapeError(`${where}: expected ${channels} channels, got shape [${x.shape}]`);
  }
}
