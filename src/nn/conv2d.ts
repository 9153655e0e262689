import { expectParts } from "../border/parts.js";
import { add, conv2d, div, mul, reshape, sqrt, square, sum, type Tensor } from "../graph/index.js";
import { perChannel } from "./batch-norm.js";
import type { Layer } from "./linear.js";
import { normal, ones, uniform, zeros, type Initializer, type Scope } from "./scope.js";

export interface Conv2dSizes {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Height and width of the filters in pixels, odd. */
  readonly kernel: number;
}

/** y = w ∗ x + b, `[B, I, H, W]` to `[B, O, H, W]`, w free. */
export class Conv2d implements Layer {
  readonly #weight: Tensor;
  readonly #bias: Tensor;

  /**
   * @param scope where w and b, uniform in ±1/√(I·k²) at first, are declared
   * @param sizes channels I and O, and size k of the kernel
   */
  constructor(scope: Scope, sizes: Conv2dSizes) {
    expectParts("Conv2d", { scope, sizes });
    const { inChannels, outChannels, kernel } = sizes;
    expectParts("Conv2d", { inChannels, outChannels, kernel });
    const bound = uniform(1 / Math.sqrt(inChannels * kernel * kernel));
    const shape = [outChannels, inChannels, kernel, kernel];
    this.#weight = scope.parameter("weight", shape, bound, { decay: true });
    this.#bias = scope.parameter("bias", [outChannels], bound);
  }

  /** @throws {ShapeError} if x isn't `[B, I, H, W]`. */
  apply(x: Tensor): Tensor {
    return add(conv2d(x, this.#weight), perChannel(this.#bias, 4));
  }
}

/**
 * y = (g/|v|₂)·v ∗ x + b, `[B, I, H, W]` to `[B, O, H, W]`: length g and direction v of each
 * filter are learned apart. Weight decay applies to g alone.
 *
 * @see Salimans and Kingma 2016, section 2, https://arxiv.org/abs/1602.07868
 */
export class WeightNormConv2d implements Layer {
  readonly #direction: Tensor;
  readonly #length: Tensor;
  readonly #bias: Tensor;

  /**
   * @param scope where v, normal at first, g, and b, 0 at first, are declared
   * @param sizes channels I and O, and size k of the kernel
   * @param length first values of g, 1 unless given
   */
  constructor(scope: Scope, sizes: Conv2dSizes, length: Initializer = ones) {
    expectParts("WeightNormConv2d", { scope, sizes });
    const { inChannels, outChannels, kernel } = sizes;
    expectParts("WeightNormConv2d", { inChannels, outChannels, kernel });
    const shape = [outChannels, inChannels, kernel, kernel];
    this.#direction = scope.parameter("direction", shape, normal);
    this.#length = scope.parameter("length", [outChannels], length, { decay: true });
    this.#bias = scope.parameter("bias", [outChannels], zeros);
  }

  /** @throws {ShapeError} if x isn't `[B, I, H, W]`. */
  apply(x: Tensor): Tensor {
    const v = this.#direction;
    const length = reshape(this.#length, [v.shape[0]!, 1, 1, 1]);
    const weight = mul(v, div(length, sqrt(sum(square(v), [1, 2, 3]))));
    return add(conv2d(x, weight), perChannel(this.#bias, 4));
  }
}
