import { ShapeError } from "../errors.js";
import { sameShape } from "../tree.js";
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
  /** Most iterations, a scalar. */
  readonly steps: TensorLike;
  /**
   * Stop once max|xᵢ₊₁ − xᵢ| ≤ tolerance · (1 + max|xᵢ₊₁|) in every event, a scalar. The maxima
   * are each event's own: axis 0 counts events.
   */
  readonly tolerance: TensorLike;
}

/**
 * Iterates x ← f(x) from `start` inside the graph, until every event's step is small or `steps` are done.
 * What f uses but doesn't derive from x is computed once, before the loop.
 *
 * A graph can't throw: measure the residual of what comes back. There is no gradient either;
 * differentiate f at the fixed point instead.
 *
 * @throws {ShapeError} if f changes the shape, or an option isn't a scalar.
 */
export function fixedPoint(
  start: Tensor,
  f: (x: Tensor) => Tensor,
  options: FixedPointOptions,
): Tensor {
  const steps = asTensor(options.steps);
  const tolerance = asTensor(options.tolerance);
  expectShape(steps, [], "fixedPoint: steps");
  expectShape(tolerance, [], "fixedPoint: tolerance");
  const x = input("fixedPoint.x", start.shape);
  const fx = f(x);
  if (!sameShape(fx.shape, start.shape)) {
    throw new ShapeError(
      `fixedPoint: expected f to keep shape [${start.shape}], got [${fx.shape}]`,
    );
  }
  const { captured, parameters, result } = close(fx, x);
  return makeNode(
    "fixedPoint",
    [start, steps, tolerance, ...captured],
    { parameters: [x, ...parameters], result },
    start.shape,
  );
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
