import type { BinaryOp, Node, Tensor, UnaryOp } from "../graph/index.js";
import { sameShape, sizeOf } from "../tree.js";
import { elementwise, lowerElu } from "./elementwise.js";
import { isPerChannel, type ImageLayout } from "./layout.js";
import { sizes, type Sizes } from "./sizes.js";
import type { LayoutLowerings, Lowered } from "./lowering.js";
import type { GraphScope } from "./scope.js";

/** Element by element, the layout doesn't matter: what comes in one of its own stays in it. */
export function elementwiseIn(
  layout: ImageLayout,
): Pick<LayoutLowerings, UnaryOp | BinaryOp | "elu" | "sum"> {
  /** A factor or summand of an image of `shape`; nothing if it has no form in the layout. */
  const operand = (scope: GraphScope, x: Tensor, shape: Sizes): string | undefined => {
    if (sameShape(x.shape, shape)) return layout.of(scope, x);
    if (sizeOf(x.shape) === 1) return scope.nameOf(x);
    return isPerChannel(x, shape) ? layout.perChannel(scope, x, shape) : undefined;
  };

  const apply = <K extends UnaryOp | BinaryOp>(
    node: Node<K> & Tensor,
    scope: GraphScope,
  ): Lowered | undefined => {
    if (!layout.fits(node)) return undefined;
    const images = node.inputs.filter(({ shape }) => sameShape(shape, node.shape));
    const isInLayout =
      images.some((x) => layout.hasOnly(scope, x)) ||
      (images.length > 0 && images.every((x) => layout.has(scope, x)));
    if (!isInLayout) return undefined;
    const operands = node.inputs.map((x) => operand(scope, x, sizes(node)));
    if (!operands.every((name) => name !== undefined)) return undefined;
    return { layout, name: elementwise[node.op](node, operands, scope) };
  };

  return {
    neg: apply,
    exp: apply,
    log: apply,
    sqrt: apply,
    abs: apply,
    sign: apply,
    sin: apply,
    cos: apply,
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
      if (!layout.has(scope, node.inputs[0]!)) return undefined;
      const what = `elu in ${layout.key}`;
      return { layout, name: lowerElu(node, scope, what, (s, x) => layout.of(s, x)) };
    },

    sum: (node, scope) => {
      const x = node.inputs[0]!;
      if (!layout.hasOnly(scope, x)) return undefined;
      const rows = layout.sum(scope, x, node.attributes.axes);
      return rows === undefined ? undefined : { rows };
    },
  };
}
