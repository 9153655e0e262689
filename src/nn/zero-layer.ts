import { expectParts } from "../border/parts.js";
import { add, conv2d, exp, matmul, mul, type Tensor } from "../graph/index.js";
import { perChannel } from "./batch-norm.js";
import type { Layer } from "./linear.js";
import { zeros, type Scope } from "./scope.js";

/**
 * y = (w ∗ x + b)·e^{3s}, with w, b and s per output 0 at first: a network that ends with it
 * starts as 0. `[B, I, H, W]` to `[B, O, H, W]` by a convolution, or `[B, I]` to `[B, O]` by a
 * matrix.
 *
 * @see Kingma and Dhariwal 2018, section 3.3, https://arxiv.org/abs/1807.03039; the factor e^{3s},
 *   which speeds up the layer's start, is in the published code.
 */
export class ZeroLayer implements Layer {
  readonly #weight: Tensor;
  readonly #bias: Tensor;
  readonly #logScale: Tensor;

  /**
   * @param scope where w, b and s are declared
   * @param inChannels I
   * @param outChannels O
   * @param kernel size of a convolution's filters in pixels, odd; a matrix unless given
   */
  constructor(scope: Scope, inChannels: number, outChannels: number, kernel?: number) {
    expectParts("ZeroLayer", {
      scope,
      inChannels,
      outChannels,
      ...(kernel !== undefined && { kernel }),
    });
    const window = kernel === undefined ? [] : [kernel, kernel];
    const shape = [outChannels, inChannels, ...window];
    this.#weight = scope.parameter("weight", shape, zeros, { decay: true });
    this.#bias = scope.parameter("bias", [outChannels], zeros);
    this.#logScale = scope.parameter("logScale", [outChannels], zeros);
  }

  /** @throws {ShapeError} if x isn't `[B, I]`, or `[B, I, H, W]`. */
  apply(x: Tensor): Tensor {
    const w = this.#weight;
    const linear = w.shape.length === 4 ? conv2d(x, w) : matmul(x, w, { transposeB: true });
    const rank = linear.shape.length;
    const sum = add(linear, perChannel(this.#bias, rank));
    return mul(sum, exp(mul(perChannel(this.#logScale, rank), 3)));
  }
}
