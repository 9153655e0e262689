import type { Node } from "../graph/index.js";
import type { Shape } from "../tree.js";
import type { GraphScope } from "./scope.js";

type SixSizes = readonly [number, number, number, number, number, number];

/**
 * A transpose between `[B, C, H, r, W, r]` and `[B, r, r, C, H, W]`, space and depth, by ONNX's own
 * operators for that, which take an eighth of the time; nothing if it is another one.
 */
export function squeeze(
  node: Node<"transpose">,
  name: string,
  scope: GraphScope,
): string | undefined {
  const by = (opType: string, image: Shape, blocksize: number): string => {
    const moved = scope.emit(opType, [scope.reshape(name, image)], { blocksize });
    return scope.reshape(moved, node.shape);
  };
  const [batch, a, b, c, d, e] = node.inputs[0]!.shape as SixSizes;
  switch (node.attributes.perm.join()) {
    case "0,3,5,1,2,4":
      return c === e ? by("SpaceToDepth", [batch, a, b * c, d * e], c) : undefined;
    case "0,3,4,1,5,2":
      return a === b ? by("DepthToSpace", [batch, a * b * c, d, e], a) : undefined;
    default:
      return undefined;
  }
}
