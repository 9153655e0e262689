import { expectParts } from "../border/parts.js";
import { add, conv2d, matmul, reshape, type Tensor } from "../graph/index.js";
import type { Context } from "./context.js";
import { uniform, type Scope } from "./scope.js";
import { SpectralNorm, type NormBound } from "./spectral-norm.js";
import { convOperator, matrixOperator } from "./operators.js";

/** A map from tensor to tensor with variables of its own. */
export interface Layer {
  apply(x: Tensor, ctx: Context): Tensor;
}

/** y = xWᵀ + b, `[B, I]` to `[B, O]`, W free. */
export class Linear implements Layer {
  readonly #weight: Tensor;
  readonly #bias: Tensor;

  /**
   * @param scope where W and b, uniform in ±1/√I at first, are declared
   * @param inFeatures I
   * @param outFeatures O
   */
  constructor(scope: Scope, inFeatures: number, outFeatures: number) {
    expectParts("Linear", { scope, inFeatures, outFeatures });
    const bound = uniform(1 / Math.sqrt(inFeatures));
    this.#weight = scope.parameter("weight", [outFeatures, inFeatures], bound, { decay: true });
    this.#bias = scope.parameter("bias", [outFeatures], bound);
  }

  /**
   * `[B, I]` to `[B, O]`.
   * @throws {ShapeError} if x isn't `[B, I]`.
   */
  apply(x: Tensor): Tensor {
    return add(matmul(x, this.#weight, { transposeB: true }), this.#bias);
  }
}

/** y = xWᵀ + b, `[B, I]` to `[B, O]`, with |W|₂ ≤ c. */
export class LipschitzLinear implements Layer {
  readonly norm: SpectralNorm;
  readonly outChannels: number;
  readonly #bias: Tensor;

  /**
   * @param scope where W and b, uniform in ±1/√I at first, are declared
   * @param inFeatures I
   * @param outFeatures O
   * @param c bound on |W|₂; `undefined` leaves W free
   * @throws {LipschitzError} unless 0 < c < 0.998, or c is a {@link FreeNorm} or `undefined`.
   */
  constructor(scope: Scope, inFeatures: number, outFeatures: number, c: NormBound) {
    expectParts("LipschitzLinear", { scope, inFeatures, outFeatures });
    const bound = uniform(1 / Math.sqrt(inFeatures));
    this.outChannels = outFeatures;
    const weight = scope.parameter("weight", [outFeatures, inFeatures], bound, { decay: true });
    this.#bias = scope.parameter("bias", [outFeatures], bound);
    this.norm = new SpectralNorm(scope, weight, matrixOperator(inFeatures, outFeatures), c);
  }

  /**
   * `[B, I]` to `[B, O]`, with the weight normalised as `ctx` says.
   * @throws {ShapeError} if x isn't `[B, I]`.
   */
  apply(x: Tensor, ctx: Context): Tensor {
    return add(matmul(x, this.norm.normalised(ctx), { transposeB: true }), this.#bias);
  }
}

export interface ConvSizes {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width of the filters in pixels, odd. */
  readonly kernel: number;
  /** The images' size in pixels, on which the norm depends. */
  readonly height: number;
  readonly width: number;
}

/** y = w ∗ x + b, `[B, I, H, W]` to `[B, O, H, W]`, with an operator norm of w of at most c. */
export class LipschitzConv2d implements Layer {
  readonly norm: SpectralNorm;
  readonly outChannels: number;
  readonly #bias: Tensor;

  /**
   * @param scope where w and b, uniform in ±1/√(I·k²) at first, are declared
   * @param sizes of the kernel and of the images
   * @param c bound on the norm of w as an operator; `undefined` leaves w free
   * @throws {LipschitzError} unless 0 < c < 0.998, or c is a {@link FreeNorm} or `undefined`.
   */
  constructor(scope: Scope, sizes: ConvSizes, c: NormBound) {
    expectParts("LipschitzConv2d", { scope, sizes });
    const { inChannels, outChannels, kernel, height, width } = sizes;
    expectParts("LipschitzConv2d", { inChannels, outChannels, kernel, shape: [height, width] });
    const bound = uniform(1 / Math.sqrt(inChannels * kernel * kernel));
    const shape = [outChannels, inChannels, kernel, kernel];
    this.outChannels = outChannels;
    const weight = scope.parameter("weight", shape, bound, { decay: true });
    this.#bias = scope.parameter("bias", [outChannels], bound);
    const operator =
      kernel === 1
        ? matrixOperator(inChannels, outChannels)
        : convOperator(inChannels, outChannels, height, width);
    this.norm = new SpectralNorm(scope, weight, operator, c);
  }

  /**
   * `[B, I, H, W]` to `[B, O, H, W]`, with the weight normalised as `ctx` says. The bound holds
   * at the height and width given when built.
   * @throws {ShapeError} if x isn't `[B, I, ...]` with four axes.
   */
  apply(x: Tensor, ctx: Context): Tensor {
    const bias = reshape(this.#bias, [1, this.#bias.shape[0]!, 1, 1]);
    return add(conv2d(x, this.norm.normalised(ctx)), bias);
  }
}
