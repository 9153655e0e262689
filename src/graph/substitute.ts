import { makeNode, topologicalOrder, type Tensor } from "./tensor.js";

/** The same computation with other tensors, of the same shapes, in place of inputs, by name. */
export function substitute<K extends string>(
  outputs: Readonly<Record<K, Tensor>>,
  replacements: Readonly<Record<string, Tensor>>,
): Record<K, Tensor> {
  const done = new Map<Tensor, Tensor>();
  const get = (node: Tensor): Tensor => done.get(node)!;
  for (const node of topologicalOrder(Object.values<Tensor>(outputs))) {
    const { op, inputs, attributes, shape } = node;
    if (op === "input" && Object.hasOwn(replacements, node.attributes.name)) {
      done.set(node, replacements[node.attributes.name]!);
    } else {
      const isLeaf = inputs.length === 0;
      done.set(node, isLeaf ? node : makeNode(op, inputs.map(get), attributes, shape));
    }
  }
  return Object.fromEntries(
    Object.entries<Tensor>(outputs).map(([name, node]) => [name, get(node)]),
  ) as Record<K, Tensor>;
}
