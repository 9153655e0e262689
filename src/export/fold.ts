import { compile, type Engine, type Store } from "../engine/index.js";
import { input, makeNode, topologicalOrder, type Input, type Tensor } from "../graph/index.js";
import type { BatchAxis } from "../onnx/index.js";
import { mapValues, type Arrays } from "../tree.js";

/** A graph whose weights are numbers. */
export interface Folded {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Values of the inputs that stand for weights, by name. */
  readonly weights: Arrays;
}

export interface FoldOptions {
  /** Names of the inputs that a run gives; all others are weights in the store. */
  readonly args: ReadonlySet<string>;
  readonly batch: BatchAxis;
  readonly engine: Engine;
  readonly store: Store;
}

/**
 * Computes once what follows from the weights alone, such as the scale exp(s) of an ActNorm, and
 * leaves an input in its place.
 *
 * @param outputs simplified
 */
export async function foldWeights(
  outputs: Readonly<Record<string, Tensor>>,
  { args, batch, engine, store }: FoldOptions,
): Promise<Folded> {
  const order = topologicalOrder(Object.values(outputs));
  const fixed = fixedNodes(order, args, batch);
  const folded = new Map<Tensor, Input>();
  const copies = new Map<Tensor, Tensor>();
  const copyOf = (node: Tensor): Tensor => {
    if (!fixed.has(node)) return copies.get(node)!;
    if (node.op === "constant" || node.op === "literal") return node;
    const weight = folded.get(node) ?? input(`weight.${folded.size}`, node.shape);
    folded.set(node, weight);
    return weight;
  };
  for (const node of order) {
    if (fixed.has(node)) continue;
    const { op, inputs, attributes, shape } = node;
    const isLeaf = inputs.length === 0;
    copies.set(node, isLeaf ? node : makeNode(op, inputs.map(copyOf), attributes, shape));
  }
  const weights = Object.fromEntries(
    Array.from(folded, ([node, weight]) => [weight.attributes.name, node]),
  );
  const compiled = compile(engine, () => ({ outputs: weights }));
  try {
    return {
      outputs: mapValues(outputs, copyOf),
      weights: await compiled.call({}, { store }),
    };
  } finally {
    await compiled.close();
  }
}

/** Nodes that neither what a run gives nor the batch has a say in. */
function fixedNodes(
  order: readonly Tensor[],
  args: ReadonlySet<string>,
  batch: BatchAxis,
): Set<Tensor> {
  const fixed = new Set<Tensor>();
  const isFixed = (node: Tensor): boolean => {
    if (node.shape.some((n) => batch.split(n))) return false;
    if (node.op === "input") return !args.has(node.attributes.name);
    if (node.op === "constant") return !batch.split(node.attributes.value);
    return node.inputs.every((x) => fixed.has(x));
  };
  for (const node of order) if (isFixed(node)) fixed.add(node);
  return fixed;
}
