import { expectKind } from "../border/kinds.js";
import {
  addAll,
  constant,
  expectShape,
  topologicalOrder,
  type Node,
  type OpName,
  type Tensor,
  expectTensor,
} from "../graph/index.js";
import { rules } from "./rules.js";

/**
 * The vector-Jacobian product vᵀ ∂y/∂x, in the shape of x; zero where y doesn't depend on x.
 * The result is an ordinary tensor and can be differentiated again.
 *
 * @throws {ShapeError} if v hasn't the shape of y.
 */
export function vjp(y: Tensor, x: Tensor, v: Tensor): Tensor {
  expectTensor(x, "vjp: x");
  expectShape(v, expectTensor(y, "vjp: y").shape, "vjp: v");
  return pullBack(y, [x], v)[0]!;
}

/**
 * Gradients of a scalar in each of `wrt`, which count as independent of one another.
 *
 * @throws {ShapeError} if `loss` isn't a scalar.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  expectShape(loss, [], "gradients: loss");
  expectKind(wrt, "tensors", "gradients");
  return pullBack(loss, wrt, constant(1));
}

function pullBack(y: Tensor, wrt: readonly Tensor[], v: Tensor): Tensor[] {
  const variables = new Set(wrt);
  const order = topologicalOrder([y], (node) => variables.has(node));
  const dependent = new Set<Tensor>(wrt);
  for (const node of order) {
    if (node.op !== "stopGradient" && node.inputs.some((i) => dependent.has(i))) {
      dependent.add(node);
    }
  }
  const arrived = new Map<Tensor, Tensor[]>([[y, [v]]]);
  const gradientOf = (node: Tensor): Tensor => addAll(arrived.get(node) ?? [], node.shape);
  for (const node of order.reverse()) {
    if (variables.has(node) || !dependent.has(node) || !arrived.has(node)) continue;
    const inInputs = applyRule(node, gradientOf(node));
    node.inputs.forEach((x, i) => {
      const gradient = dependent.has(x) ? inInputs[i]?.() : undefined;
      if (!gradient) return;
      const known = arrived.get(x);
      if (known) known.push(gradient);
      else arrived.set(x, [gradient]);
    });
  }
  return wrt.map(gradientOf);
}

function applyRule<K extends OpName>(
  node: Node<K> & Tensor,
  g: Tensor,
): readonly ((() => Tensor) | undefined)[] {
  const rule = rules[node.op];
  return rule(node, g);
}
