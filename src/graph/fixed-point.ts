import { ShapeError } from "../errors.js";
import { sameShape } from "../tree.js";
import { axisSize, broadcast, slice } from "./structure.js";
import {
  asTensor,
  expectShape,
  input,
  makeNode,
  topologicalOrder,
  type Tensor,
  type TensorLike,
} from "./tensor.js";

export interface FixedPointOptions {
  /** Most evaluations of f, a scalar of at least 1. */
  readonly steps: TensorLike;
  /** Stop once |f(x) − x|₂ ≤ tolerance in every event; a scalar, or one for each event, `[B]`. */
  readonly tolerance: TensorLike;
}

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
 * but doesn't derive from x is computed once, before the loop.
 *
 * Anderson acceleration of depth 1: with r = f(x) − x, and Δ the change since the iterate before,
 *
 *     x ← f(x) − θ·Δf(x),  θ = ⟨r, Δr⟩/⟨Δr, Δr⟩,
 *
 * which leaves no more of r, were f linear, than x ← f(x) does. An event extrapolates only where
 * |r|₂ is at most 0.99 of what it was when it last did, and takes the plain step otherwise. So it
 * converges for every contraction: an extrapolated x is off by at most a constant times |r|₂, for
 * |θΔf(x)|₂ ≤ L/(1 − L)·|r|₂, and plain steps shrink that until the next one.
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
  const batch = axisSize(start, 0);
  const steps = asTensor(options.steps);
  const tolerance = broadcast(asTensor(options.tolerance), [batch]);
  expectShape(steps, [], "fixedPoint: steps");
  const x = input("fixedPoint.x", start.shape);
  const fx = f(x);
  if (!sameShape(fx.shape, start.shape)) {
    throw new ShapeError(
      `fixedPoint: expected f to keep shape [${start.shape}], got [${fx.shape}]`,
    );
  }
  const { captured, parameters, result } = close(fx, x);
  const both = makeNode(
    "fixedPoint",
    [start, steps, tolerance, ...captured],
    { parameters: [x, ...parameters], result },
    [2 * batch, ...start.shape.slice(1)],
  );
  return { value: slice(both, 0, 0, batch), step: slice(both, 0, batch, 2 * batch) };
}

/** Copies what depends on x, with a fresh input in place of every other tensor it uses. */
function close(
  fx: Tensor,
  x: Tensor,
): { captured: Tensor[]; parameters: Tensor[]; result: Tensor } {
  const copies = new Map<Tensor, Tensor>([[x, x]]);
  const dependent = new Set<Tensor>([x]);
  const captured: Tensor[] = [];
  const parameters: Tensor[] = [];
  const inside = (node: Tensor): Tensor => {
    let copy = copies.get(node);
    if (!copy) {
      copy =
        node.op === "constant" ? node : input(`fixedPoint.captured${captured.length}`, node.shape);
      if (copy !== node) {
        captured.push(node);
        parameters.push(copy);
      }
      copies.set(node, copy);
    }
    return copy;
  };
  for (const node of topologicalOrder([fx])) {
    if (!node.inputs.some((i) => dependent.has(i))) continue;
    dependent.add(node);
    copies.set(node, makeNode(node.op, node.inputs.map(inside), node.attributes, node.shape));
  }
  return { captured, parameters, result: inside(fx) };
}
