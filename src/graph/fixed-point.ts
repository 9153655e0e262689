import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import { ShapeError } from "../errors.js";
import { sameShape } from "../tree.js";
import { close } from "./close.js";
import { axisSize, broadcast, slice } from "./structure.js";
import {
  asTensor,
  expectShape,
  input,
  makeNode,
  type Tensor,
  type TensorLike,
  expectTensor,
} from "./tensor.js";

export interface FixedPointOptions {
  /** Most evaluations of f, a scalar of at least 1. */
  readonly steps: TensorLike;
  /**
   * An event stops once its |f(x) − x|₂ ≤ tolerance, or has stalled near it: see `stall`. A
   * scalar, or one for each event, `[B]`.
   */
  readonly tolerance: TensorLike;
}

/**
 * An event has stalled if |f(x) − x|₂ has been at most `near` times its tolerance for so many `turns`
 * without falling to 0.99 of what it was at their start: rounding keeps it there. An extrapolation,
 * after which it may be longer, starts the count again.
 */
export const stall = { near: 8, turns: 16 } as const;

/** A record of |f(x) − x|₂ is at most this times the last one. */
export const recordFactor = 0.99;

/** An event whose |f(x) − x|₂² isn't below this, or isn't a number, is given up: float32 ends there. */
export const largestSquare = 1e38;

export interface FixedPoint {
  /** f(x) at the last iterate x. */
  readonly value: Tensor;
  /**
   * f(x) − x. If Lip(f) ≤ L < 1, `value` is off by at most L/(1 − L) of its length (Banach's
   * a-posteriori bound).
   */
  readonly step: Tensor;
}

/**
 * Finds x = f(x) for each event of `start`, `[B, ...]`, by iteration inside the graph. What f uses
 * but doesn't derive from x is computed once, before the loop. f is evaluated for the whole batch
 * until its last event stops, but an event that has stopped keeps its x: none changes another.
 *
 * Anderson acceleration of depth 1: with r = f(x) − x, and Δ the change since the iterate before,
 *
 *     x ← f(x) − θ·Δf(x),  θ = ⟨r, Δr⟩/⟨Δr, Δr⟩,
 *
 * which leaves no more of r, were f linear, than x ← f(x) does. An event extrapolates only where
 * |r|₂ sets a record, at most 0.99 of what it was when it last did, and takes the plain step
 * otherwise. So it converges for every contraction: an extrapolated x is off by at most a constant
 * times |r|₂, for |θΔf(x)|₂ ≤ L/(1 − L)·|r|₂, and plain steps shrink that until the next one.
 *
 * A graph can't throw: judge `step`. There is no gradient either; differentiate f at the fixed
 * point instead.
 *
 * @see Walker and Ni 2011, "Anderson acceleration for fixed-point iterations",
 *   https://doi.org/10.1137/10078356X
 * @throws {ShapeError} if f changes the shape, or an option has another one.
 */
export function fixedPoint(
  start: Tensor,
  f: (x: Tensor) => Tensor,
  options: FixedPointOptions,
): FixedPoint {
  expectTensor(start, "fixedPoint");
  expectKind(f, "function", "fixedPoint");
  expectOptions(options, ["steps", "tolerance"], "fixedPoint");
  const batch = axisSize(start, 0);
  const steps = asTensor(options.steps, "fixedPoint: steps");
  const tolerance = broadcast(asTensor(options.tolerance, "fixedPoint: tolerance"), [batch]);
  expectShape(steps, [], "fixedPoint: steps");
  const x = input("fixedPoint.x", start.shape);
  const fx = f(x);
  expectTensor(fx, "fixedPoint: f");
  if (!sameShape(fx.shape, start.shape)) {
    throw new ShapeError(
      `fixedPoint: expected f to keep shape [${start.shape}], got [${fx.shape}]`,
    );
  }
  const { captured, ...body } = close([fx], [x]);
  const both = makeNode("fixedPoint", [start, steps, tolerance, ...captured], body, [
    2 * batch,
    ...start.shape.slice(1),
  ]);
  return { value: slice(both, 0, 0, batch), step: slice(both, 0, batch, 2 * batch) };
}
