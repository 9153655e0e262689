import { sameShape } from "../tree.js";
import { topologicalOrder, type Node, type OpName, type Tensor } from "../graph/index.js";
import type { Scope } from "./scope.js";

/**
 * Adds the operators that compute one node and returns the name of the result.
 * @param inputs names of the node's inputs; a convolution may have a bias `[1, O, 1, 1]` as a third
 */
export type Lowering<K extends OpName> = (
  node: Node<K>,
  inputs: readonly string[],
  scope: Scope,
) => string;

/** One lowering per operation: leaving one out doesn't compile. */
export type Lowerings = { readonly [K in OpName]: Lowering<K> };

/** Lowers every node that `outputs` need and that has no name yet. */
export function lowerNodes(outputs: readonly Tensor[], scope: Scope): void {
  const order = topologicalOrder(outputs);
  const biases = fusedBiases(order, outputs);
  const fused = new Set([...biases.values()].map(({ conv }) => conv));
  for (const node of order) {
    if (scope.has(node) || fused.has(node)) continue;
    const bias = biases.get(node);
    const [from, inputs] = bias
      ? [bias.conv, [...bias.conv.inputs, bias.value]]
      : [node, node.inputs];
    scope.bind(
      node,
      lower(
        from,
        inputs.map((i) => scope.nameOf(i)),
        scope,
      ),
    );
  }
}

function lower<K extends OpName>(node: Node<K>, inputs: readonly string[], scope: Scope): string {
  return scope.model.lowerings[node.op](node, inputs, scope);
}

interface Bias {
  readonly conv: Tensor;
  readonly value: Tensor;
}

/** The additions of a bias that a convolution does by itself: those that alone use its result. */
function fusedBiases(order: readonly Tensor[], outputs: readonly Tensor[]): Map<Tensor, Bias> {
  const uses = new Map<Tensor, number>();
  for (const used of [...order.flatMap((node) => node.inputs), ...outputs]) {
    uses.set(used, (uses.get(used) ?? 0) + 1);
  }
  const biases = new Map<Tensor, Bias>();
  for (const node of order) {
    if (node.op !== "add") continue;
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    const [conv, value] = a.op === "conv2d" ? [a, b] : [b, a];
    if (conv.op !== "conv2d" || uses.get(conv) !== 1) continue;
    if (sameShape(value.shape, [1, conv.shape[1]!, 1, 1])) biases.set(node, { conv, value });
  }
  return biases;
}
