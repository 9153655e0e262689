import { input, makeNode, topologicalOrder, type Body, type Tensor } from "./tensor.js";

/** A body, and the values outside that its last parameters stand for. */
export interface Closed extends Body {
  readonly captured: readonly Tensor[];
}

/**
 * Copies what depends on `carried`, which are inputs, with a fresh input in place of every other
 * tensor that `results` use.
 */
export function close(results: readonly Tensor[], carried: readonly Tensor[]): Closed {
  const copies = new Map<Tensor, Tensor>(carried.map((x) => [x, x]));
  const dependent = new Set<Tensor>(carried);
  const captured: Tensor[] = [];
  const parameters: Tensor[] = [...carried];
  const inside = (node: Tensor): Tensor => {
    let copy = copies.get(node);
    if (!copy) {
      copy = node.op === "constant" ? node : input(`captured${captured.length}`, node.shape);
      if (copy !== node) {
        captured.push(node);
        parameters.push(copy);
      }
      copies.set(node, copy);
    }
    return copy;
  };
  for (const node of topologicalOrder(results)) {
    if (!node.inputs.some((i) => dependent.has(i))) continue;
    dependent.add(node);
    copies.set(node, makeNode(node.op, node.inputs.map(inside), node.attributes, node.shape));
  }
  return { captured, parameters, results: results.map(inside) };
}
