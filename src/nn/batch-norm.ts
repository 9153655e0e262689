import { expectParts } from "../border/parts.js";
import {
  add,
  allMean,
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

/** The statistics that normalise x: each is `[1, C, 1, ...]`. */
export interface Statistics {
  readonly mean: Tensor;
  /** The biased variance of x plus 10⁻⁵. */
  readonly variance: Tensor;
}

/**
 * Mean and variance per channel of `[B, C, ...]`: a batch's own, or running ones. The 10⁻⁵ that is
 * added to a variance is the published formula's, in the square of x's unit: keep x near unit size.
 */
export class RunningStatistics {
  readonly #mean: Input;
  readonly #variance: Input;

  /**
   * Declares the state `mean` and `variance`, at 0 and 1.
   * @param scope where its variables are declared
   * @param channels C of x
   */
  constructor(scope: Scope, channels: number) {
    this.#mean = scope.state("mean", [channels], zeros);
    this.#variance = scope.state("variance", [channels], ones);
  }

  /** The running ones, for an x of `rank` axes. */
  running(rank: number): Statistics {
    return {
      mean: perChannel(this.#mean, rank),
      variance: add(perChannel(this.#variance, rank), epsilon),
    };
  }

  /**
   * Those of the batch x, all of it where a team shares it, towards which `ctx` moves the running ones by a share of `momentum`: all
   * the way where they settle.
   */
  ofBatch(x: Tensor, ctx: Context, momentum: number): Statistics {
    const share = ctx.phase === "settle" ? 1 : momentum;
    const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    const batchMean = allMean(mean(x, axes));
    const variance = allMean(mean(square(sub(x, batchMean)), axes));
    const moved = (running: Tensor, batch: Tensor): Tensor =>
      add(mul(running, 1 - share), mul(reshape(batch, running.shape), share));
    ctx.update(this.#mean, moved(this.#mean, batchMean));
    ctx.update(this.#variance, moved(this.#variance, variance));
    return { mean: batchMean, variance: add(variance, epsilon) };
  }
}

/**
 * (x − mean)/√(variance + 10⁻⁵) · scale + shift per channel of `[B, C, H, W]`. Training takes the
 * batch's statistics and moves the running ones by a tenth; inference takes the running ones.
 *
 * @see Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167
 */
export class BatchNorm implements Layer {
  readonly #scale: Tensor;
  readonly #shift: Tensor;
  readonly #statistics: RunningStatistics;

  /**
   * @param scope where scale, 1 at first, shift, 0, and the running statistics are declared
   * @param channels C of x
   */
  constructor(scope: Scope, channels: number) {
    expectParts("BatchNorm", { scope, channels });
    this.#scale = scope.parameter("scale", [channels], ones);
    this.#shift = scope.parameter("shift", [channels], zeros);
    this.#statistics = new RunningStatistics(scope, channels);
  }

  /**
   * `[B, C, H, W]` to the same shape; training also updates the running statistics in `ctx`.
   * @throws {ShapeError} if x has other axes, or another number of channels.
   */
  apply(x: Tensor, ctx: Context): Tensor {
    expectRank(x, 4, "BatchNorm: x");
    const { mean, variance } =
      ctx.phase === "infer"
        ? this.#statistics.running(4)
        : this.#statistics.ofBatch(x, ctx, momentum);
    const gain = div(perChannel(this.#scale, 4), sqrt(variance));
    return add(mul(sub(x, mean), gain), perChannel(this.#shift, 4));
  }
}

/** `[C]` as `[1, C, 1, ...]`, of `rank` axes. */
export function perChannel(t: Tensor, rank: number): Tensor {
  return reshape(t, [1, axisSize(t, 0), ...Array.from({ length: rank - 2 }, () => 1)]);
}
