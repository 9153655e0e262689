import {
  allMean,
  broadcast,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  cos,
  div,
  elu,
  expectShape,
  greater,
  matmul,
  mul,
  neg,
  pad,
  reshape,
  select,
  sigmoid,
  sign,
  sin,
  slice,
  sub,
  sum,
  transpose,
  type Node,
  type OpName,
  type Tensor,
} from "../graph/index.js";
import { UsageError } from "../errors.js";
import { sameShape, type Shape } from "../tree.js";

/**
 * The vector-Jacobian product of one node: given g, the gradient in its result, the gradients in
 * its inputs (`undefined` for zero). Written with the graph's own operations, so that it can be
 * differentiated again.
 */
type Rule<K extends OpName> = (node: Node<K> & Tensor, g: Tensor) => readonly (Lazy | undefined)[];

/** A gradient in one input, built only if that input needs one. */
type Lazy = () => Tensor;

const unary =
  (gradient: (x: Tensor, y: Tensor, g: Tensor) => Tensor) =>
  (node: Tensor, g: Tensor): readonly Lazy[] => {
    const x = node.inputs[0]!;
    return [() => gradient(x, node, g)];
  };

/**
 * A rule of a function of single elements, by its slope. Each node has one slope however often it
 * is differentiated, so that what later flows back to it is added up before it flows on.
 */
const pointwise = (
  slope: (node: Tensor, x: Tensor) => Tensor,
): ((node: Tensor, g: Tensor) => readonly Lazy[]) => {
  const slopes = new WeakMap<Tensor, Tensor>();
  return (node, g) => [
    () => {
      const known = slopes.get(node) ?? slope(node, node.inputs[0]!);
      slopes.set(node, known);
      return mul(g, known);
    },
  ];
};

/** A rule of two inputs whose shapes broadcast. */
const binary =
  (
    inA: (a: Tensor, b: Tensor, g: Tensor, y: Tensor) => Tensor,
    inB: (a: Tensor, b: Tensor, g: Tensor, y: Tensor) => Tensor,
  ) =>
  (node: Tensor, g: Tensor): readonly Lazy[] => {
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    return [
      () => unbroadcast(inA(a, b, g, node), a.shape),
      () => unbroadcast(inB(a, b, g, node), b.shape),
    ];
  };

const noGradient = (): readonly undefined[] => [];

/** One rule per operation: leaving one out doesn't compile. */
export const rules: { readonly [K in OpName]: Rule<K> } = {
  input: noGradient,
  constant: noGradient,
  literal: noGradient,
  stopGradient: noGradient,
  sign: noGradient,
  greater: noGradient,

  neg: unary((_x, _y, g) => neg(g)),
  exp: pointwise((y) => y),
  log: unary((x, _y, g) => div(g, x)),
  sqrt: unary((_x, y, g) => div(mul(g, 0.5), y)),
  abs: pointwise((_y, x) => sign(x)),
  sin: pointwise((_y, x) => cos(x)),
  cos: pointwise((_y, x) => neg(sin(x))),
  tanh: pointwise((y) => sub(1, mul(y, y))),
  sigmoid: pointwise((y) => mul(y, sub(1, y))),
  softplus: pointwise((_y, x) => sigmoid(x)),
  elu: pointwise((y, x) => elu(x, y.op === "elu" && y.attributes.order === 0 ? 1 : 2)),

  add: binary(
    (_a, _b, g) => g,
    (_a, _b, g) => g,
  ),
  sub: binary(
    (_a, _b, g) => g,
    (_a, _b, g) => neg(g),
  ),
  mul: binary(
    (_a, b, g) => mul(g, b),
    (a, _b, g) => mul(g, a),
  ),
  div: (y, g) => {
    const [a, b] = [y.inputs[0]!, y.inputs[1]!];
    return [
      () => unbroadcast(div(g, b), a.shape),
      () => neg(div(unbroadcast(mul(g, y), b.shape), b)),
    ];
  },
  maximum: binary(
    (a, b, g) => mul(g, greater(a, b)),
    (a, b, g) => mul(g, sub(1, greater(a, b))),
  ),
  minimum: binary(
    (a, b, g) => mul(g, greater(b, a)),
    (a, b, g) => mul(g, sub(1, greater(b, a))),
  ),

  select: (node, g) => {
    const [condition, a, b] = [node.inputs[0]!, node.inputs[1]!, node.inputs[2]!];
    return [
      undefined,
      () => unbroadcast(select(condition, g, 0), a.shape),
      () => unbroadcast(select(condition, 0, g), b.shape),
    ];
  },

  reshape: unary((x, _y, g) => reshape(g, x.shape)),
  broadcast: unary((x, _y, g) => unbroadcast(g, x.shape)),
  transpose: (node, g) => {
    const inverse: number[] = [];
    node.attributes.perm.forEach((axis, i) => (inverse[axis] = i));
    return [() => transpose(g, inverse)];
  },
  slice: (node, g) => {
    const { axis, start, end } = node.attributes;
    return [() => pad(g, axis, start, node.inputs[0]!.shape[axis]! - end)];
  },
  pad: (node, g) => {
    const { axis, before } = node.attributes;
    return [() => slice(g, axis, before, before + node.inputs[0]!.shape[axis]!)];
  },
  concat: (node, g) => {
    const { axis } = node.attributes;
    let start = 0;
    return node.inputs.map((part) => {
      const from = start;
      start += part.shape[axis]!;
      const to = start;
      return () => slice(g, axis, from, to);
    });
  },

  sum: unary((x, _y, g) => broadcast(g, x.shape)),
  max: (node, g) => {
    const x = node.inputs[0]!;
    const largest = sub(1, greater(node, x));
    const count = sum(largest, node.attributes.axes);
    return [() => mul(div(g, count), largest)];
  },

  matmul: (node, g) => {
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    const { transposeA: tA, transposeB: tB } = node.attributes;
    return [
      () =>
        tA ? matmul(b, g, { transposeA: tB, transposeB: true }) : matmul(g, b, { transposeB: !tB }),
      () =>
        tB ? matmul(g, a, { transposeA: true, transposeB: tA }) : matmul(a, g, { transposeA: !tA }),
    ];
  },

  conv2d: (node, g) => {
    const [x, w] = [node.inputs[0]!, node.inputs[1]!];
    return [() => conv2dInputGrad(g, w), () => conv2dWeightGrad(x, g, w.shape[2]!)];
  },
  conv2dInputGrad: (node, v) => {
    const [g, w] = [node.inputs[0]!, node.inputs[1]!];
    return [() => conv2d(v, w), () => conv2dWeightGrad(v, g, w.shape[2]!)];
  },
  conv2dWeightGrad: (node, v) => {
    const [x, g] = [node.inputs[0]!, node.inputs[1]!];
    return [() => conv2dInputGrad(g, v), () => conv2d(x, v)];
  },

  withGradient: (node, g) => {
    let given: readonly Tensor[] | undefined;
    const sources = node.inputs.slice(1);
    return [
      undefined,
      ...sources.map(({ shape }, i) => () => {
        given ??= node.attributes.vjp(g);
        const gradient = given[i]!;
        expectShape(gradient, shape, `withGradient: gradient in source ${i}`);
        return gradient;
      }),
    ];
  },

  allMean: unary((_x, _y, g) => allMean(g)),

  fixedPoint: () => {
    throw new UsageError(
      "vjp: a fixed-point iteration has no gradient; differentiate the forward map instead",
    );
  },
  loop: () => {
    throw new UsageError("vjp: a loop has no gradient; give it one by withGradient, or stop it");
  },
};

/** Sums g over the axes along which a tensor of `shape` was repeated. */
function unbroadcast(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.shape.length - shape.length;
  const axes = g.shape.flatMap((n, i) => (n !== 1 && (shape[i - lead] ?? 1) === 1 ? [i] : []));
  return reshape(sum(g, axes), shape);
}
