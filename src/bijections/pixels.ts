import { expectKind } from "../border/kinds.js";
import { expectParts } from "../border/parts.js";
import { UsageError } from "../errors.js";
import {
  add,
  axisSize,
  broadcast,
  constant,
  div,
  expectEvent,
  greater,
  log,
  maximum,
  mul,
  neg,
  select,
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

  /**
   * @param shape of an event
   * @param options offset in the unit of x; scale, not 0, in units of y to one of x
   * @throws {UsageError} if the scale is 0, or either number isn't finite.
   */
  constructor(shape: Shape, options: { readonly offset: number; readonly scale: number }) {
    expectParts("Rescale", { shape, options });
    const { offset, scale } = options;
    for (const number of [offset, scale]) expectKind(number, "number", "Rescale: options");
    if (!Number.isFinite(offset) || !Number.isFinite(scale) || scale === 0) {
      throw new UsageError(
        `Rescale: expected a finite offset and a scale other than 0, got ${offset} and ${scale}`,
      );
    }
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

/** The logit of what is less is taken of this: ln 2⁻³⁴ = −23.6. */
const leastShare = 2 ** -34;
/** How far beyond the domain rounding may put a value: a quarter of a pixel's 1/256. */
const slack = 2 ** -10;

/**
 * y = logit(α + (1 − 2α)x) for x in [0, 1], which takes bounded pixels to the real line. A value
 * that rounding has put beyond the domain, by at most 2⁻¹⁰, counts as on its border, where y is
 * ±23.6; beyond that y is NaN.
 *
 * @see Dinh et al. 2017, section 4.1, https://arxiv.org/abs/1605.08803
 */
export class Logit implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #alpha: number;

  /**
   * @param shape of an event
   * @param alpha α in (0, 1/2): how far from 0 and 1 pixels are kept
   * @throws {UsageError} if α is outside.
   */
  constructor(shape: Shape, alpha: number) {
    expectParts("Logit", { shape });
    expectKind(alpha, "number", "Logit: alpha");
    if (!(alpha > 0 && alpha < 0.5)) {
      throw new UsageError(`Logit: expected alpha with 0 < alpha < 1/2, got ${alpha}`);
    }
    this.inShape = shape;
    this.outShape = shape;
    this.#alpha = alpha;
  }

  forward(x: Tensor): Mapped {
    expectEvent(x, this.inShape, "Logit: x");
    const p = inside(add(mul(x, 1 - 2 * this.#alpha), this.#alpha));
    const q = inside(sub(1 - this.#alpha, mul(x, 1 - 2 * this.#alpha)));
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

/** A share in (0, 1), or what is outside by no more than rounding, as one whose logarithm is finite. */
const inside = (share: Tensor): Tensor =>
  select(greater(share, -slack), maximum(share, leastShare), share);
