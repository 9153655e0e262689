import { topologicalOrder, type Node, type OpName, type Tensor } from "../src/graph/index.js";
import { sizeOf } from "../src/tree.js";

/** Kinds of work, by what bounds their time. */
export const kindsOfWork = [
  "convolution",
  "1x1 convolution",
  "weight gradient",
  "matmul",
  "elementwise",
  "reduction",
  "movement",
] as const;

export type KindOfWork = (typeof kindsOfWork)[number];

/** The work that a computation takes of a machine. */
export interface Cost {
  /** Floating-point operations: a multiply-add counts two, an elementwise function one an element. */
  readonly flops: number;
  /** Each node's inputs read once and its result written, in float32. */
  readonly bytes: number;
}

interface Work {
  readonly kind: KindOfWork;
  readonly flops: number;
  /** Elements read, if not those of every input. */
  readonly reads?: number;
}

const free = (): undefined => undefined;
const elementwise = ({ shape }: Tensor): Work => ({ kind: "elementwise", flops: sizeOf(shape) });
const reduction = ({ inputs }: Tensor): Work => ({
  kind: "reduction",
  flops: sizeOf(inputs[0]!.shape),
});
const movement = (): Work => ({ kind: "movement", flops: 0 });

/** 2·B·H·W·O·I·k², of a convolution and both its gradients; image and filter share one axis. */
const convolution = (image: Tensor, filter: Tensor, shared: number): number =>
  (2 * sizeOf(image.shape) * sizeOf(filter.shape)) / shared;

const convolutionKind = (filter: Tensor): KindOfWork =>
  filter.shape[2] === 1 ? "1x1 convolution" : "convolution";

/** What each operation does; nothing where it only renames what is there. */
const rules: { readonly [K in OpName]: (node: Node<K>) => Work | undefined } = {
  input: free,
  constant: free,
  literal: free,
  stopGradient: free,
  withGradient: free,
  allMean: free,
  reshape: free,

  neg: elementwise,
  exp: elementwise,
  log: elementwise,
  sqrt: elementwise,
  abs: elementwise,
  sign: elementwise,
  sin: elementwise,
  cos: elementwise,
  tanh: elementwise,
  sigmoid: elementwise,
  softplus: elementwise,
  elu: elementwise,
  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  greater: elementwise,
  select: elementwise,

  broadcast: movement,
  transpose: movement,
  slice: ({ shape }) => ({ ...movement(), reads: sizeOf(shape) }),
  pad: movement,
  concat: movement,

  sum: reduction,
  max: reduction,

  matmul: ({ inputs, attributes, shape }) => {
    const inner = inputs[0]!.shape[attributes.transposeA ? 0 : 1]!;
    return { kind: "matmul", flops: 2 * sizeOf(shape) * inner };
  },
  conv2d: ({ inputs: [x, w] }) => ({
    kind: convolutionKind(w!),
    flops: convolution(x!, w!, w!.shape[1]!),
  }),
  conv2dInputGrad: ({ inputs: [g, w] }) => ({
    kind: convolutionKind(w!),
    flops: convolution(g!, w!, w!.shape[0]!),
  }),
  conv2dWeightGrad: (node) => ({
    kind: "weight gradient",
    flops: convolution(node.inputs[0]!, node, node.shape[1]!),
  }),

  fixedPoint: free,
  loop: free,
};

const bytesPerElement = 4;

/**
 * FLOPs and bytes of the graph of `outputs` by kind of work, a lower bound on what any runtime
 * without fusion does. Simplify first. The body of a fixed point or a loop counts `iterations` times: how
 * many it needs is known only after a run.
 */
export function costOf(
  outputs: Readonly<Record<string, Tensor>>,
  { iterations = 1 }: { readonly iterations?: number } = {},
): Record<KindOfWork, Cost> {
  const total = Object.fromEntries(
    kindsOfWork.map((kind) => [kind, { flops: 0, bytes: 0 }]),
  ) as Record<KindOfWork, { flops: number; bytes: number }>;
  addCosts(total, Object.values(outputs), iterations, 1);
  return total;
}

function addCosts(
  total: Record<KindOfWork, { flops: number; bytes: number }>,
  outputs: readonly Tensor[],
  iterations: number,
  times: number,
): void {
  for (const node of topologicalOrder(outputs)) {
    if (node.op === "fixedPoint" || node.op === "loop") {
      addCosts(total, node.attributes.results, iterations, times * iterations);
    }
    const work = workOf(node);
    if (!work) continue;
    const { kind, flops, reads = elements(node.inputs) } = work;
    total[kind].flops += times * flops;
    total[kind].bytes += times * bytesPerElement * (reads + sizeOf(node.shape));
  }
}

function workOf<K extends OpName>(node: Node<K>): Work | undefined {
  return rules[node.op](node);
}

const elements = (tensors: readonly Tensor[]): number =>
  tensors.reduce((count, { shape }) => count + sizeOf(shape), 0);
