import { UsageError } from "../errors.js";
import { sameShape, type Shape } from "../tree.js";
import { topologicalOrder, type Tensor } from "./tensor.js";

/**
 * Shapes of the inputs that `outputs` need, by name.
 * @throws {UsageError} if two inputs of different shapes have one name.
 */
export function inputShapes(outputs: Readonly<Record<string, Tensor>>): Record<string, Shape> {
  const shapes: Record<string, Shape> = {};
  for (const node of topologicalOrder(Object.values(outputs))) {
    if (node.op !== "input") continue;
    const { name } = node.attributes;
    const known = shapes[name];
    if (known && !sameShape(known, node.shape)) {
      throw new UsageError(
        `graph: expected one shape for input "${name}", got [${known}] and [${node.shape}]; rename one`,
      );
    }
    shapes[name] = node.shape;
  }
  return shapes;
}
