import {
  add,
  axisSize,
  div,
  expectRank,
  mean,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  type Input,
  type Tensor,
} from "../graph/index.js";
import type { Context } from "./context.js";
import type { Layer } from "./linear.js";
import { ones, zeros, type Scope } from "./scope.js";

const epsilon = 1e-5;
const momentum = 0.1;

/**
 * (x − mean)/√(variance + 10⁻⁵) · scale + shift per channel of `[B, C, H, W]`. Training takes the
 * batch's statistics and moves the running ones by a tenth; inference takes the running ones.
 *
 * @see Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167
 */
export class BatchNorm implements Layer {
  readonly #scale: Tensor;
  readonly #shift: Tensor;
  readonly #mean: Input;
  readonly #variance: Input;

  constructor(scope: Scope, channels: number) {
    this.#scale = scope.parameter("scale", [channels], ones);
    this.#shift = scope.parameter("shift", [channels], zeros);
    this.#mean = scope.state("mean", [channels], zeros);
    this.#variance = scope.state("variance", [channels], ones);
  }

  /**
   * `[B, C, H, W]` to the same shape; training also updates the running statistics in `ctx`.
   * @throws {ShapeError} if x has other axes, or another number of channels.
   */
  apply(x: Tensor, ctx: Context): Tensor {
    expectRank(x, 4, "BatchNorm: x");
    const perChannel = (t: Tensor): Tensor => reshape(t, [1, axisSize(x, 1), 1, 1]);
    const normalise = (centred: Tensor, variance: Tensor): Tensor => {
      const gain = div(perChannel(this.#scale), sqrt(add(variance, epsilon)));
      return add(mul(centred, gain), perChannel(this.#shift));
    };
    if (ctx.phase === "infer") {
      return normalise(sub(x, perChannel(this.#mean)), perChannel(this.#variance));
    }
    const batchMean = mean(x, [0, 2, 3]);
    const centred = sub(x, batchMean);
    const variance = mean(square(centred), [0, 2, 3]);
    const moved = (running: Tensor, batch: Tensor): Tensor =>
      add(mul(running, 1 - momentum), mul(reshape(batch, running.shape), momentum));
    ctx.update(this.#mean, moved(this.#mean, batchMean));
    ctx.update(this.#variance, moved(this.#variance, variance));
    return normalise(centred, variance);
  }
}
