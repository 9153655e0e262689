import { sameShape } from "../tree.js";
import { topologicalOrder, type Node, type OpName, type Tensor } from "../graph/index.js";
import type { ImageLayout } from "./layout.js";
import type { Lowerer, GraphScope } from "./scope.js";
import { usersOf } from "./users.js";

/**
 * Adds the operators that compute one node and returns the name of the result.
 * @param inputs names of the node's inputs; a convolution may have a bias `[1, O, 1, 1]` as a third
 */
export type Lowering<K extends OpName> = (
  node: Node<K>,
  inputs: readonly string[],
  scope: GraphScope,
) => string;

/** One lowering per operation: leaving one out doesn't compile. */
export type Lowerings = { readonly [K in OpName]: Lowering<K> };

/** A lowering that uses a layout of images, or nothing where it doesn't apply. */
export type LayoutLowering<K extends OpName> = (
  node: Node<K> & Tensor,
  scope: GraphScope,
  bias: Tensor | undefined,
) => Lowered | undefined;

export type LayoutLowerings = { readonly [K in OpName]?: LayoutLowering<K> };

/** The name of a value in ONNX's layout, or of an image in another one. */
export type Lowered =
  { readonly rows: string } | { readonly layout: ImageLayout; readonly name: string };

export interface LoweringTarget {
  readonly lowerings: Lowerings;
  /** Whether the runtime isn't to know shapes before it runs: see {@link HiddenShapes}. */
  readonly hidesShapes?: boolean;
  /** What computes in layouts of its own, which models never know: the first that applies does. */
  readonly layouts?: readonly LayoutLowerings[];
}

/** What lowers a model's nodes for a target. */
export function lowererFor(target: LoweringTarget): Lowerer {
  return {
    hidesShapes: target.hidesShapes ?? false,
    lower: (outputs, scope) => {
      lowerNodes(target, outputs, scope);
    },
  };
}

function lowerNodes(target: LoweringTarget, outputs: readonly Tensor[], scope: GraphScope): void {
  const order = topologicalOrder(outputs);
  const biases = fusedBiases(order, outputs);
  const fused = new Set([...biases.values()].map(({ conv }) => conv));
  for (const node of order) {
    if (scope.has(node) || fused.has(node)) continue;
    const bias = biases.get(node);
    const lowered = lower(target, bias?.conv ?? node, bias?.value, scope);
    if ("rows" in lowered) scope.bind(node, lowered.rows);
    else bindImage(node, lowered, scope);
  }
}

function bindImage(
  node: Tensor,
  { layout, name }: Extract<Lowered, { readonly name: string }>,
  scope: GraphScope,
): void {
  scope.know(node, layout.key, name);
  scope.bindLater(node, () => layout.toRows(scope, name, node));
}

function lower<K extends OpName>(
  { lowerings, layouts = [] }: LoweringTarget,
  node: Node<K> & Tensor,
  bias: Tensor | undefined,
  scope: GraphScope,
): Lowered {
  for (const inLayout of layouts) {
    const lowered = inLayout[node.op]?.(node, scope, bias);
    if (lowered) return lowered;
  }
  const inputs = [...node.inputs, ...(bias ? [bias] : [])].map((x) => scope.nameOf(x));
  return { rows: lowerings[node.op](node, inputs, scope) };
}

interface Bias {
  readonly conv: Tensor;
  readonly value: Tensor;
}

/** The additions of a bias that a convolution does by itself: those that alone use its result. */
function fusedBiases(order: readonly Tensor[], outputs: readonly Tensor[]): Map<Tensor, Bias> {
  const users = usersOf(order);
  const biases = new Map<Tensor, Bias>();
  for (const node of order) {
    if (node.op !== "add") continue;
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    const [conv, value] = a.op === "conv2d" ? [a, b] : [b, a];
    const isOnlyUse = users.get(conv)?.length === 1 && !outputs.includes(conv);
    if (conv.op !== "conv2d" || !isOnlyUse) continue;
    if (sameShape(value.shape, [1, conv.shape[1]!, 1, 1])) biases.set(node, { conv, value });
  }
  return biases;
}
