import { expectKind } from "../border/kinds.js";
import {
  add,
  div,
  expectTensor,
  greater,
  select,
  sqrt,
  square,
  sumEvent,
  type Tensor,
} from "../graph/index.js";
import type { Context, ResidualMap } from "../nn/index.js";
import type { Shape } from "../tree.js";

/**
 * A promise about numbers that only a run can keep. A graph can't throw: whoever runs it
 * compares `residual` with `tolerance` and raises `ConvergenceError`.
 */
export interface Check {
  /** The bijection it is about, by path. */
  readonly where: string;
  /**
   * |f(x) − y|₂/(1 + |y|₂), `[B]`; NaN where a value is. An iterative inverse measures it at its
   * last iterate but one.
   */
  readonly residual: Tensor;
  readonly tolerance: number;
  /** Advice for whoever exceeds the tolerance: the end of the error's sentence. */
  readonly remedy: string;
}

/** |x|₂ of each event, `[B]`. */
export const lengthOf = (x: Tensor): Tensor => sqrt(sumEvent(square(x)));

/** Beyond this length a square leaves float32. */
const longest = 1e19;

/**
 * The residual of a {@link Check}: how far `difference` is from 0, relative to y, `[B]`; infinite
 * where y is too long for float32 to tell.
 */
export function relativeResidual(difference: Tensor, y: Tensor): Tensor {
  const length = lengthOf(y);
  const residual = div(lengthOf(difference), add(length, 1));
  return select(greater(length, longest), Infinity, residual);
}

/** A batch of B events mapped in one direction. */
export interface Mapped {
  /** `[B, ...outShape]` from `forward`, `[B, ...inShape]` from `inverse`. */
  readonly value: Tensor;
  /** ln|det J| of the direction taken, in nats, `[B]`; traced when first read. */
  readonly logDet: Tensor;
  /** Set where `logDet` is the context's estimate of this map's: a chain may sum those of several at once. */
  readonly residual?: ResidualMap;
  readonly checks: readonly Check[];
}

/**
 * An invertible map f: x ↦ y, data to latent. Shapes are per event; the batch axis B leads.
 * The direction is the one training needs: log p(x) = log p(f(x)) + logDet.
 */
export interface Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  /** y = f(x). @throws {ShapeError} if x isn't `[B, ...inShape]`. */
  forward(x: Tensor, ctx: Context): Mapped;
  /** x = f⁻¹(y). @throws {ShapeError} if y isn't `[B, ...outShape]`. */
  inverse(y: Tensor, ctx: Context): Mapped;
}

/** A `Mapped` whose log-determinant is traced only if somebody reads it. */
export function mapped(value: Tensor, logDet: () => Tensor, checks: readonly Check[] = []): Mapped {
  expectTensor(value, "mapped: value");
  expectKind(logDet, "function", "mapped: logDet");
  let traced: Tensor | undefined;
  return {
    value,
    checks,
    get logDet() {
      traced ??= logDet();
      return traced;
    },
  };
}
