import { expectParts } from "../border/parts.js";
import {
  add,
  axisSize,
  broadcast,
  div,
  exp,
  expectEvent,
  log,
  mul,
  neg,
  sqrt,
  sub,
  sumAll,
  type Input,
  type Tensor,
} from "../graph/index.js";
import {
  perChannel,
  RunningStatistics,
  zeros,
  type Context,
  type Scope,
  type Statistics,
} from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";

const momentum = 0.1;

/**
 * y = (x − m)/√(v + 10⁻⁵)·e^s + t per channel (or feature), logDet = (elements per channel)·
 * Σ(s − ½ln(v + 10⁻⁵)).
 *
 * The 10⁻⁵ is the papers': x is expected near unit size, as an ActNorm before it makes it.
 *
 * Training takes m and v from the batch, constants as far as the log-determinant is concerned, and
 * moves the running ones by a tenth; the `initialise` phase sets those to the batch's. Inference
 * and the inverse take the running ones.
 *
 * @see Papamakarios et al. 2017, section 4, eq. 22, https://arxiv.org/abs/1705.07057
 * @see Dinh et al. 2017, section 3.7, https://arxiv.org/abs/1605.08803
 */
export class BatchNormBijection implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #path: string;
  readonly #logScale: Input;
  readonly #shift: Input;
  readonly #statistics: RunningStatistics;

  /**
   * @param scope where s and t, `[C]` each, 0 at first, and the running m and v are declared
   * @param shape of an event, `[C, ...]`
   */
  constructor(scope: Scope, shape: Shape) {
    expectParts("BatchNormBijection", { scope, shape });
    this.inShape = shape;
    this.outShape = shape;
    this.#path = scope.path;
    this.#logScale = scope.parameter("logScale", [shape[0]!], zeros);
    this.#shift = scope.parameter("shift", [shape[0]!], zeros);
    this.#statistics = new RunningStatistics(scope, shape[0]!);
  }

  forward(x: Tensor, ctx: Context): Mapped {
    expectEvent(x, this.inShape, `BatchNormBijection ${this.#path}: x`);
    const statistics = this.#statisticsOf(x, ctx);
    const gain = div(exp(this.#perChannel(this.#logScale)), sqrt(statistics.variance));
    const value = add(mul(sub(x, statistics.mean), gain), this.#perChannel(this.#shift));
    return mapped(value, () => this.#logDet(statistics, x));
  }

  inverse(y: Tensor): Mapped {
    expectEvent(y, this.outShape, `BatchNormBijection ${this.#path}: y`);
    const statistics = this.#statistics.running(y.shape.length);
    const gain = mul(exp(neg(this.#perChannel(this.#logScale))), sqrt(statistics.variance));
    const value = add(mul(sub(y, this.#perChannel(this.#shift)), gain), statistics.mean);
    return mapped(value, () => neg(this.#logDet(statistics, y)));
  }

  #statisticsOf(x: Tensor, ctx: Context): Statistics {
    return ctx.phase === "infer"
      ? this.#statistics.running(x.shape.length)
      : this.#statistics.ofBatch(x, ctx, ctx.phase === "initialise" ? 1 : momentum);
  }

  #perChannel(t: Tensor): Tensor {
    return perChannel(t, this.inShape.length + 1);
  }

  #logDet({ variance }: Statistics, x: Tensor): Tensor {
    const perElement = sub(sumAll(this.#logScale), mul(sumAll(log(variance)), 0.5));
    const total = mul(perElement, sizeOf(this.inShape.slice(1)));
    return broadcast(total, [axisSize(x, 0)]);
  }
}
