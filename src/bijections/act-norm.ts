import { expectParts } from "../border/parts.js";
import {
  abs,
  add,
  axisSize,
  broadcast,
  constant,
  div,
  exp,
  expectEvent,
  greater,
  log,
  max,
  maximum,
  minimum,
  mean,
  mul,
  neg,
  reshape,
  select,
  sqrt,
  square,
  stopGradient,
  sub,
  sumAll,
  type Input,
  type Tensor,
} from "../graph/index.js";
import { perChannel, zeros, type Context, type Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";

/**
 * A channel whose standard deviation is at most this share of its mean's size, or of the largest
 * channel's deviation, keeps scale 1: it is padding, or constant as far as float32 tells.
 */
const leastDeviation = 1e-6;

/** Largest size of which that is a share: a deviation beyond float32 is no constant. */
const largestSize = 1e38;

/**
 * y = x·e^s + t, s and t per channel (or feature); logDet = (elements per channel)·Σs.
 *
 * A run in the `initialise` phase sets s and t so that its batch leaves with mean 0 and variance
 * 1, whatever its unit, and marks that in the state, which a checkpoint keeps. A channel that is
 * constant in the batch keeps scale 1.
 *
 * @see Kingma and Dhariwal 2018, section 3.1, https://arxiv.org/abs/1807.03039
 */
export class ActNorm implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #path: string;
  readonly #logScale: Input;
  readonly #shift: Input;
  readonly #initialised: Input;

  /**
   * @param scope where s and t, `[C]` each, 0 at first, and the mark are declared
   * @param shape of an event, `[C, ...]`
   */
  constructor(scope: Scope, shape: Shape) {
    expectParts("ActNorm", { scope, shape });
    this.inShape = shape;
    this.outShape = shape;
    this.#path = scope.path;
    this.#logScale = scope.parameter("logScale", [shape[0]!], zeros);
    this.#shift = scope.parameter("shift", [shape[0]!], zeros);
    this.#initialised = scope.state("initialised", [], zeros);
  }

  forward(x: Tensor, ctx: Context): Mapped {
    expectEvent(x, this.inShape, `ActNorm ${this.#path}: x`);
    const { logScale, shift } = ctx.phase === "initialise" ? this.#fit(x, ctx) : this.#stored();
    const value = add(mul(x, exp(this.#perChannel(logScale))), this.#perChannel(shift));
    return mapped(value, () => this.#logDet(logScale, x));
  }

  inverse(y: Tensor): Mapped {
    expectEvent(y, this.outShape, `ActNorm ${this.#path}: y`);
    const { logScale, shift } = this.#stored();
    const value = mul(sub(y, this.#perChannel(shift)), exp(neg(this.#perChannel(logScale))));
    return mapped(value, () => neg(this.#logDet(logScale, y)));
  }

  #stored(): { logScale: Tensor; shift: Tensor } {
    return { logScale: this.#logScale, shift: this.#shift };
  }

  #fit(x: Tensor, ctx: Context): { logScale: Tensor; shift: Tensor } {
    const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
    const centre = mean(x, axes);
    const deviation = sqrt(mean(square(sub(x, centre)), axes));
    const size = maximum(abs(centre), max(deviation, [1]));
    const isData = greater(deviation, mul(minimum(size, largestSize), leastDeviation));
    const divisor = select(isData, deviation, 1);
    const logScale = stopGradient(reshape(neg(log(divisor)), this.#logScale.shape));
    const shift = stopGradient(reshape(neg(div(centre, divisor)), this.#shift.shape));
    ctx.update(this.#logScale, logScale);
    ctx.update(this.#shift, shift);
    ctx.update(this.#initialised, constant(1));
    return { logScale, shift };
  }

  #perChannel(t: Tensor): Tensor {
    return perChannel(t, this.inShape.length + 1);
  }

  #logDet(logScale: Tensor, x: Tensor): Tensor {
    const total = mul(sumAll(logScale), sizeOf(this.inShape.slice(1)));
    return broadcast(total, [axisSize(x, 0)]);
  }
}
