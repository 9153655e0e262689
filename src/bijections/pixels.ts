import {
  add,
  axisSize,
  broadcast,
  constant,
  div,
  expectEvent,
  log,
  mul,
  neg,
  sigmoid,
  softplus,
  sub,
  sumEvent,
  type Tensor,
} from "../graph/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";

/** y = (x − offset)·scale with fixed numbers; logDet = D·ln|scale|. */
export class Rescale implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #offset: number;
  readonly #scale: number;

  constructor(
    shape: Shape,
    { offset, scale }: { readonly offset: number; readonly scale: number },
  ) {
    this.inShape = shape;
    this.outShape = shape;
    this.#offset = offset;
    this.#scale = scale;
  }

  forward(x: Tensor): Mapped {
    expectEvent(x, this.inShape, "Rescale: x");
    const value = mul(sub(x, this.#offset), this.#scale);
    return mapped(value, () => this.#logDet(x));
  }

  inverse(y: Tensor): Mapped {
    expectEvent(y, this.outShape, "Rescale: y");
    const value = add(div(y, this.#scale), this.#offset);
    return mapped(value, () => neg(this.#logDet(y)));
  }

  #logDet(x: Tensor): Tensor {
    const total = sizeOf(this.inShape) * Math.log(Math.abs(this.#scale));
    return broadcast(constant(total), [axisSize(x, 0)]);
  }
}

/**
 * y = logit(α + (1 − 2α)x) for x in [0, 1], which takes bounded pixels to the real line.
 *
 * @see Dinh et al. 2017, section 4.1, https://arxiv.org/abs/1605.08803
 */
export class Logit implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #alpha: number;

  constructor(shape: Shape, alpha: number) {
    this.inShape = shape;
    this.outShape = shape;
    this.#alpha = alpha;
  }

  forward(x: Tensor): Mapped {
    expectEvent(x, this.inShape, "Logit: x");
    const p = add(mul(x, 1 - 2 * this.#alpha), this.#alpha);
    const q = sub(1 - this.#alpha, mul(x, 1 - 2 * this.#alpha));
    const value = sub(log(p), log(q));
    return mapped(value, () => this.#logDet(value));
  }

  inverse(y: Tensor): Mapped {
    expectEvent(y, this.outShape, "Logit: y");
    const value = div(sub(sigmoid(y), this.#alpha), 1 - 2 * this.#alpha);
    return mapped(value, () => neg(this.#logDet(y)));
  }

  /** dy/dx = (1 − 2α)/(σ(y)σ(−y)), and −ln σ(y) = softplus(−y). */
  #logDet(y: Tensor): Tensor {
    const perElement = add(add(softplus(y), softplus(neg(y))), Math.log(1 - 2 * this.#alpha));
    return sumEvent(perElement);
  }
}
