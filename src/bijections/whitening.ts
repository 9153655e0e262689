import {
  add,
  axisSize,
  broadcast,
  constant,
  div,
  exp,
  expectEvent,
  log,
  matmul,
  meanAll,
  mean,
  mul,
  neg,
  reshape,
  stopGradient,
  sub,
  sumAll,
  transpose,
  type Input,
  type Tensor,
} from "../graph/index.js";
import { perChannel, zeros, type Context, type Initializer, type Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";
import { timesChannels } from "./channels.js";
import { principalAxes } from "./principal-axes.js";

/** Numbers that a run in the `initialise` phase sets, all state. */
interface Numbers {
  readonly centre: Tensor;
  readonly axes: Tensor;
  readonly logScale: Tensor;
}

/**
 * y = e^s·Q(x − m) over the channels of each pixel (or the features of a vector): Q orthogonal, the
 * principal axes of the data; logDet = (pixels)·Σs. After a squeeze it whitens patches.
 *
 * A run in the `initialise` phase sets m, Q and s from its batch, so that channels leave without
 * correlation and with variance λ/(λ + ε·mean λ), λ the variance along each axis. Nothing of it is
 * trained. Until then it is the identity.
 *
 * Q is kept rounded to float32, and made orthogonal where it is used by one Newton-Schulz step,
 * Q ← Q(3I − QᵀQ)/2, which squares what rounding left: so Qᵀ is its inverse as closely as the
 * arithmetic allows.
 */
export class Whitening implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #path: string;
  readonly #epsilon: number;
  readonly #centre: Input;
  readonly #axes: Input;
  readonly #logScale: Input;
  readonly #initialised: Input;

  /**
   * @param shape of an event, `[C, H, W]` or `[D]`
   * @param options.epsilon ε, what is added to every variance, in their mean; 5·10⁻⁴ unless given
   */
  constructor(scope: Scope, shape: Shape, { epsilon = 5e-4 }: { readonly epsilon?: number } = {}) {
    const n = shape[0]!;
    this.inShape = shape;
    this.outShape = shape;
    this.#path = scope.path;
    this.#epsilon = epsilon;
    this.#centre = scope.state("centre", [n], zeros);
    this.#axes = scope.state("axes", [n, n], identity(n));
    this.#logScale = scope.state("logScale", [n], zeros);
    this.#initialised = scope.state("initialised", [], zeros);
  }

  forward(x: Tensor, ctx: Context): Mapped {
    expectEvent(x, this.inShape, `Whitening ${this.#path}: x`);
    const numbers = ctx.phase === "initialise" ? this.#fit(x, ctx) : this.#stored();
    const { centre, axes, logScale } = numbers;
    const scale = reshape(exp(logScale), [axisSize(axes, 0), 1]);
    const centred = sub(x, this.#perChannel(centre));
    const value = timesChannels(mul(orthogonal(axes), scale), centred);
    return mapped(value, () => this.#logDet(logScale, x));
  }

  inverse(y: Tensor): Mapped {
    expectEvent(y, this.outShape, `Whitening ${this.#path}: y`);
    const { centre, axes, logScale } = this.#stored();
    const back = mul(transpose(orthogonal(axes), [1, 0]), exp(neg(logScale)));
    const value = add(timesChannels(back, y), this.#perChannel(centre));
    return mapped(value, () => neg(this.#logDet(logScale, y)));
  }

  #stored(): Numbers {
    return { centre: this.#centre, axes: this.#axes, logScale: this.#logScale };
  }

  #fit(x: Tensor, ctx: Context): Numbers {
    const n = axisSize(x, 1);
    const rows = reshape(channelsLast(x), [sizeOf(x.shape) / n, n]);
    const centre = stopGradient(mean(rows, [0]));
    const centred = stopGradient(sub(rows, centre));
    const covariance = div(matmul(centred, centred, { transposeA: true }), axisSize(rows, 0));
    const { axes, variances } = principalAxes(covariance);
    const floor = mul(meanAll(variances), this.#epsilon);
    const numbers = {
      centre: reshape(centre, [n]),
      axes,
      // A batch of one value leaves nothing to scale by.
      logScale: mul(log(add(add(variances, floor), 1e-30)), -0.5),
    };
    ctx.update(this.#centre, numbers.centre);
    ctx.update(this.#axes, numbers.axes);
    ctx.update(this.#logScale, numbers.logScale);
    ctx.update(this.#initialised, constant(1));
    return numbers;
  }

  #perChannel(t: Tensor): Tensor {
    return perChannel(t, this.inShape.length + 1);
  }

  #logDet(logScale: Tensor, x: Tensor): Tensor {
    const total = mul(sumAll(logScale), sizeOf(this.inShape.slice(1)));
    return broadcast(total, [axisSize(x, 0)]);
  }
}

const identity =
  (n: number): Initializer =>
  (size) =>
    Float32Array.from({ length: size }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));

/** Q(3I − QᵀQ)/2. */
function orthogonal(axes: Tensor): Tensor {
  const square = matmul(axes, axes, { transposeA: true });
  return sub(mul(axes, 1.5), mul(matmul(axes, square), 0.5));
}

/** The channels of `[B, C, H, W]` last; a vector's features are. */
function channelsLast(x: Tensor): Tensor {
  return x.shape.length === 2 ? x : transpose(x, [0, 2, 3, 1]);
}
