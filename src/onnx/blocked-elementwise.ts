import type { BinaryOp, Node, Tensor, UnaryOp } from "../graph/index.js";
import { sameShape, sizeOf } from "../tree.js";
import type { Blocks } from "./blocks.js";
import { elementwise, lowerElu } from "./elementwise.js";
import { sizes, type Sizes } from "./linear.js";
import type { BlockedLowerings, Lowered } from "./lowering.js";
import type { Scope } from "./scope.js";

/** Element by element, the layout doesn't matter: what comes in blocks stays in blocks. */
export function blockedElementwise(
  blocks: Blocks,
): Pick<BlockedLowerings, UnaryOp | BinaryOp | "elu" | "sum"> {
  /** A factor or summand of an image of `shape`, in blocks; nothing if it has no such form. */
  const operand = (scope: Scope, x: Tensor, shape: Sizes): string | undefined => {
    if (sameShape(x.shape, shape)) return blocks.of(scope, x);
    if (sizeOf(x.shape) === 1) return scope.nameOf(x);
    const [channels, height, width] = [shape[1], shape[2], shape[3]];
    if (!sameShape(x.shape, [1, channels, 1, 1])) return undefined;
    return scope.derived(x, `in each of ${height}x${width} pixels`, (s, t) => {
      const split = s.reshape(s.nameOf(t), [channels / blocks.size, 1, blocks.size]);
      const all = [channels / blocks.size, height * width, blocks.size];
      return s.reshape(s.emit("Expand", [split, s.ints(all)]), [1, channels, height, width]);
    });
  };

  const apply = <K extends UnaryOp | BinaryOp>(
    node: Node<K> & Tensor,
    scope: Scope,
  ): Lowered | undefined => {
    if (!blocks.fill(node)) return undefined;
    const images = node.inputs.filter(({ shape }) => sameShape(shape, node.shape));
    const isInBlocks =
      images.some((x) => blocks.hasOnly(scope, x)) ||
      (images.length > 0 && images.every((x) => blocks.has(scope, x)));
    if (!isInBlocks) return undefined;
    const operands = node.inputs.map((x) => operand(scope, x, sizes(node)));
    if (!operands.every((name) => name !== undefined)) return undefined;
    return { blocks: elementwise[node.op](node, operands, scope) };
  };

  return {
    neg: apply,
    exp: apply,
    log: apply,
    sqrt: apply,
    abs: apply,
    sign: apply,
    tanh: apply,
    sigmoid: apply,
    softplus: apply,
    stopGradient: apply,
    add: apply,
    sub: apply,
    mul: apply,
    div: apply,
    maximum: apply,
    minimum: apply,
    greater: apply,

    elu: (node, scope) => {
      if (!blocks.has(scope, node.inputs[0]!)) return undefined;
      return { blocks: lowerElu(node, scope, "elu in blocks", (s, x) => blocks.of(s, x)) };
    },

    sum: (node, scope) => {
      const x = node.inputs[0]!;
      if (!blocks.hasOnly(scope, x)) return undefined;
      const [batch, channels, height, width] = sizes(x);
      const sum = (name: string, axes: readonly number[]): string =>
        scope.emit("ReduceSum", [name, scope.ints(axes)]);
      switch ([...node.attributes.axes].sort().join()) {
        case "1,2,3":
        case "0,1,2,3":
          return { rows: sum(blocks.of(scope, x), node.attributes.axes) };
        case "2,3":
        case "0,2,3": {
          const pixels = [(batch * channels) / blocks.size, height * width, blocks.size];
          const perImage = sum(scope.reshape(blocks.of(scope, x), pixels), [1]);
          const images = scope.reshape(perImage, [batch, channels, 1, 1]);
          return { rows: node.shape[0] === batch ? images : sum(images, [0]) };
        }
        default:
          return undefined;
      }
    },
  };
}
