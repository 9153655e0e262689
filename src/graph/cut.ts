import { UsageError } from "../errors.js";
import { sizeOf } from "../tree.js";
import { mul } from "./elementwise.js";
import { isBinary, isUnary } from "./scalar.js";
import { concat, reshape, slice } from "./structure.js";
import {
  input,
  makeNode,
  topologicalOrder,
  type Node,
  type OpName,
  type Tensor,
} from "./tensor.js";

/** A part of a graph that ends where the members of a team meet. */
export interface Stage {
  /** What a member adds to the sum, `[n]`. The stages after take the sum as input `sumName(i)`. */
  readonly share: Tensor;
  /** What they take of this one beside it, by the names of inputs. */
  readonly kept: Readonly<Record<string, Tensor>>;
}

export interface Stages<K extends string> {
  readonly before: readonly Stage[];
  /** What the graph gives, in the last stage. */
  readonly last: Record<K, Tensor>;
}

/** Name of the input that holds the sum of all members' shares of the i-th stage. */
export const sumName = (stage: number): string => `sum.${stage}`;

/** Cheaper to make again in another stage than to keep, if what they are made of is there. */
const views: readonly OpName[] = ["reshape", "slice", "broadcast"];

/**
 * Cuts a graph at its {@link allMean}s, for a team of `size`: each member runs a stage, all add up
 * their shares, and so on. Means that don't depend on each other are one sum. A graph without any is
 * one stage.
 *
 * @throws {UsageError} if the body of an iteration has such a mean.
 */
export function cutAtMeans<K extends string>(
  outputs: Readonly<Record<K, Tensor>>,
  size: number,
): Stages<K> {
  const all = topologicalOrder(Object.values<Tensor>(outputs));
  const levels = levelsOf(all);
  const simple = simpleOf(all);
  const depth = all.reduce((most, node) => Math.max(most, levels.get(node)!), 0);
  const sums = Array.from({ length: depth }, (_, i) =>
    sumOf(
      all.filter((node) => node.op === "allMean" && levels.get(node) === i + 1),
      sumName(i),
      size,
    ),
  );
  const names = new Map<Tensor, string>();
  /** Copies of `roots` that need of earlier stages only what these keep. */
  const stageOf = (roots: readonly Tensor[], stage: number): ((node: Tensor) => Tensor) => {
    const isGiven = (node: Tensor): boolean =>
      levels.get(node)! < stage && !simple.has(node) && !views.includes(node.op);
    const copies = new Map<Tensor, Tensor>();
    const copy = (node: Tensor): Tensor => copies.get(node)!;
    const isLeaf = (node: Tensor): boolean => node.op === "allMean" || isGiven(node);
    for (const node of topologicalOrder(roots, isLeaf)) {
      if (node.op === "allMean") copies.set(node, sums[levels.get(node)! - 1]!.means.get(node)!);
      else if (isGiven(node)) {
        const name = names.get(node) ?? `kept.${names.size}`;
        names.set(node, name);
        copies.set(node, input(name, node.shape));
      } else {
        const { op, inputs, attributes, shape } = node;
        const isOwn = inputs.length === 0;
        copies.set(node, isOwn ? node : makeNode(op, inputs.map(copy), attributes, shape));
      }
    }
    return copy;
  };
  const inLast = stageOf(Object.values<Tensor>(outputs), depth);
  const last = Object.fromEntries(
    Object.entries<Tensor>(outputs).map(([name, node]) => [name, inLast(node)]),
  ) as Record<K, Tensor>;
  const before: Stage[] = [];
  for (let stage = depth - 1; stage >= 0; stage--) {
    const kept = [...names].filter(([node]) => levels.get(node) === stage);
    const { parts } = sums[stage]!;
    const copy = stageOf([...parts, ...kept.map(([node]) => node)], stage);
    before.unshift({
      share: concat(
        parts.map((part) => reshape(copy(part), [sizeOf(part.shape)])),
        0,
      ),
      kept: Object.fromEntries(kept.map(([node, name]) => [name, copy(node)])),
    });
  }
  return { before, last };
}

/** How many sums lie before each node. */
function levelsOf(nodes: readonly Tensor[]): Map<Tensor, number> {
  const levels = new Map<Tensor, number>();
  for (const node of nodes) {
    if (isIteration(node) && hasMean(node.attributes.results)) {
      throw new UsageError(
        "allMean: expected no mean over a team within an iteration, got one; take it before or after",
      );
    }
    const before = node.inputs.reduce((most, of) => Math.max(most, levels.get(of)!), 0);
    levels.set(node, before + (node.op === "allMean" ? 1 : 0));
  }
  return levels;
}

/** Nodes made of inputs one element at a time, as cheap to make again as views: βm of Adam, for one. */
function simpleOf(nodes: readonly Tensor[]): ReadonlySet<Tensor> {
  const simple = new Set<Tensor>();
  for (const node of nodes) {
    const isCheap = views.includes(node.op) || isElementwise(node.op);
    if (node.inputs.length === 0 || (isCheap && node.inputs.every((of) => simple.has(of)))) {
      simple.add(node);
    }
  }
  return simple;
}

const isElementwise = (op: OpName): boolean =>
  isUnary(op) || isBinary(op) || op === "elu" || op === "select";

const isIteration = (node: Tensor): node is Tensor & Node<"loop" | "fixedPoint"> =>
  node.op === "loop" || node.op === "fixedPoint";

function hasMean(results: readonly Tensor[]): boolean {
  return topologicalOrder(results).some(
    (node) => node.op === "allMean" || (isIteration(node) && hasMean(node.attributes.results)),
  );
}

/** Means as parts of one sum: what goes into it, and what they are of it. */
function sumOf(
  nodes: readonly Tensor[],
  name: string,
  size: number,
): { readonly parts: readonly Tensor[]; readonly means: ReadonlyMap<Tensor, Tensor> } {
  const sum = input(name, [nodes.reduce((total, { shape }) => total + sizeOf(shape), 0)]);
  const means = new Map<Tensor, Tensor>();
  let end = 0;
  for (const node of nodes) {
    const start = end;
    end += sizeOf(node.shape);
    means.set(node, mul(reshape(slice(sum, 0, start, end), node.shape), 1 / size));
  }
  return { parts: nodes.map(({ inputs }) => inputs[0]!), means };
}
