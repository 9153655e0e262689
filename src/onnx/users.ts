import type { Tensor } from "../graph/index.js";

/** The nodes that take each tensor as an input, once for each time they do. */
export type Users = ReadonlyMap<Tensor, readonly Tensor[]>;

export function usersOf(nodes: readonly Tensor[]): Users {
  const users = new Map<Tensor, Tensor[]>();
  for (const node of nodes) {
    for (const used of node.inputs) {
      const known = users.get(used);
      if (known) known.push(node);
      else users.set(used, [node]);
    }
  }
  return users;
}
