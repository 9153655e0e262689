import { UsageError } from "../errors.js";
import {
  largestSquare,
  recordFactor,
  stall,
  topologicalOrder,
  type Node,
  type OpName,
  type Tensor,
} from "../graph/index.js";
import { binaryFunctions, eluFunction, unaryFunctions } from "../graph/scalar.js";
import { sizeOf, type Shape } from "../tree.js";
import { eachProduct, gather, place, reduce, spread, stridesOf } from "./places.js";

/** Numbers in float64, in row-major order, with their shape. */
export interface Float64NDArray {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** What each input of a graph is, by name. */
export type Feeds = Readonly<Record<string, { readonly data: ArrayLike<number> }>>;

/**
 * Interprets a graph in float64: slow, and plain enough to be right. The oracle for everything
 * else that executes graphs.
 *
 * @throws {UsageError} if an input isn't fed.
 */
export function evaluate<K extends string>(
  outputs: Readonly<Record<K, Tensor>>,
  feeds: Feeds,
): Record<K, Float64NDArray> {
  const entries = Object.entries<Tensor>(outputs);
  const known = compute(
    entries.map(([, node]) => node),
    new Map(),
    feeds,
  );
  return Object.fromEntries(
    entries.map(([name, node]) => [name, { shape: node.shape, data: known.get(node)! }]),
  ) as Record<K, Float64NDArray>;
}

/** Adds to `known` the value of every node that `outputs` need. */
function compute(
  outputs: readonly Tensor[],
  known: Map<Tensor, Float64Array>,
  feeds: Feeds,
): Map<Tensor, Float64Array> {
  for (const node of topologicalOrder(outputs)) {
    if (known.has(node)) continue;
    known.set(
      node,
      interpret(
        node,
        node.inputs.map((i) => known.get(i)!),
        feeds,
      ),
    );
  }
  return known;
}

function interpret<K extends OpName>(
  node: Node<K>,
  inputs: readonly Float64Array[],
  feeds: Feeds,
): Float64Array {
  return interpreters[node.op](node, inputs, feeds);
}

type Interpreter<K extends OpName> = (
  node: Node<K>,
  inputs: readonly Float64Array[],
  feeds: Feeds,
) => Float64Array;

const unary = (
  node: Node<keyof typeof unaryFunctions>,
  inputs: readonly Float64Array[],
): Float64Array => inputs[0]!.map(unaryFunctions[node.op]);

const binary = (
  node: Node<keyof typeof binaryFunctions>,
  inputs: readonly Float64Array[],
): Float64Array => {
  const [a, b] = node.inputs.map((x, i) => spread(inputs[i]!, x.shape, node.shape));
  const f = binaryFunctions[node.op];
  return a!.map((value, i) => f(value, b![i]!));
};

/** One interpreter per operation: leaving one out doesn't compile. */
const interpreters: { readonly [K in OpName]: Interpreter<K> } = {
  input: (node, _inputs, feeds) => {
    const { name } = node.attributes;
    const value = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
    if (value?.data.length !== sizeOf(node.shape)) {
      throw new UsageError(
        `evaluate: expected ${sizeOf(node.shape)} numbers for input "${name}", got ${value?.data.length ?? "none"}`,
      );
    }
    return Float64Array.from(value.data);
  },
  constant: (node) => new Float64Array(sizeOf(node.shape)).fill(node.attributes.value),
  literal: (node) => Float64Array.from(node.attributes.data),

  neg: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  abs: unary,
  sign: unary,
  sin: unary,
  cos: unary,
  tanh: unary,
  sigmoid: unary,
  softplus: unary,
  stopGradient: unary,
  elu: (node, inputs) => inputs[0]!.map(eluFunction(node.attributes.order)),

  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  maximum: binary,
  minimum: binary,
  greater: binary,
  select: (node, inputs) => {
    const [condition, a, b] = node.inputs.map((x, i) => spread(inputs[i]!, x.shape, node.shape));
    return condition!.map((c, i) => (c > 0 ? a![i]! : b![i]!));
  },

  reshape: (_node, inputs) => inputs[0]!,
  broadcast: (node, inputs) => spread(inputs[0]!, node.inputs[0]!.shape, node.shape),
  transpose: (node, inputs) => {
    const steps = stridesOf(node.inputs[0]!.shape);
    return gather(
      inputs[0]!,
      node.shape,
      node.attributes.perm.map((axis) => steps[axis]!),
    );
  },
  slice: (node, inputs) => {
    const steps = stridesOf(node.inputs[0]!.shape);
    const { axis, start } = node.attributes;
    return gather(inputs[0]!, node.shape, steps, start * steps[axis]!);
  },
  pad: (node, inputs) => {
    const out = new Float64Array(sizeOf(node.shape));
    const { axis, before } = node.attributes;
    place(out, node.shape, inputs[0]!, node.inputs[0]!.shape, axis, before);
    return out;
  },
  concat: (node, inputs) => {
    const out = new Float64Array(sizeOf(node.shape));
    const { axis } = node.attributes;
    let start = 0;
    node.inputs.forEach(({ shape }, i) => {
      place(out, node.shape, inputs[i]!, shape, axis, start);
      start += shape[axis]!;
    });
    return out;
  },

  sum: (node, inputs) => reduce(node, inputs[0]!, 0, (a, b) => a + b),
  max: (node, inputs) => reduce(node, inputs[0]!, -Infinity, Math.max),

  matmul: (node, inputs) => {
    const [a, b] = [inputs[0]!, inputs[1]!];
    const { transposeA, transposeB } = node.attributes;
    const [rows, columns] = [node.shape[0]!, node.shape[1]!];
    const inner = node.inputs[0]!.shape[transposeA ? 0 : 1]!;
    const [aRow, aInner] = transposeA ? [1, rows] : [inner, 1];
    const [bInner, bColumn] = transposeB ? [1, inner] : [columns, 1];
    const out = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let total = 0;
        for (let k = 0; k < inner; k++) {
          total += a[i * aRow + k * aInner]! * b[k * bInner + j * bColumn]!;
        }
        out[i * columns + j] = total;
      }
    }
    return out;
  },

  conv2d: (node, inputs) => {
    const [x, w] = [inputs[0]!, inputs[1]!];
    const y = new Float64Array(sizeOf(node.shape));
    eachProduct(node.inputs[0]!.shape, node.inputs[1]!.shape, (xi, wi, yi) => {
      y[yi]! += x[xi]! * w[wi]!;
    });
    return y;
  },
  conv2dInputGrad: (node, inputs) => {
    const [g, w] = [inputs[0]!, inputs[1]!];
    const x = new Float64Array(sizeOf(node.shape));
    eachProduct(node.shape, node.inputs[1]!.shape, (xi, wi, yi) => {
      x[xi]! += g[yi]! * w[wi]!;
    });
    return x;
  },
  conv2dWeightGrad: (node, inputs) => {
    const [x, g] = [inputs[0]!, inputs[1]!];
    const w = new Float64Array(sizeOf(node.shape));
    eachProduct(node.inputs[0]!.shape, node.shape, (xi, wi, yi) => {
      w[wi]! += x[xi]! * g[yi]!;
    });
    return w;
  },

  withGradient: (_node, inputs) => inputs[0]!,
  allMean: (_node, inputs) => inputs[0]!,

  fixedPoint: (node, inputs) => {
    const { parameters } = node.attributes;
    const result = node.attributes.results[0]!;
    const [start, steps, tolerance, ...captured] = inputs;
    const batch = tolerance!.length;
    const size = start!.length / batch;
    const records = new Float64Array(batch).fill(Infinity);
    const marks = new Float64Array(batch).fill(Infinity);
    const idleTurns = new Float64Array(batch);
    const x: Float64Array = start!.slice();
    let f = x;
    let r = new Float64Array(x.length);
    for (let i = 0; i < Math.round(steps![0]!); i++) {
      const values = [x, ...captured];
      const known = new Map(parameters.map((parameter, j) => [parameter, values[j]!]));
      const [lastF, lastR] = [f, r];
      f = compute([result], known, {}).get(result)!;
      r = f.map((value, j) => value - x[j]!);
      let anyMoves = false;
      for (let event = 0; event < batch; event++) {
        const of = (data: Float64Array): Float64Array =>
          data.subarray(event * size, (event + 1) * size);
        const rr = inner(of(r), of(r));
        const isRecord = rr <= recordFactor ** 2 * records[event]!;
        const [length, limit] = [Math.sqrt(rr), tolerance![event]!];
        const isFar = length > stall.near * limit;
        const progresses = isRecord || isFar || rr <= recordFactor ** 2 * marks[event]!;
        idleTurns[event] = progresses ? 0 : idleTurns[event]! + 1;
        if (progresses) marks[event] = isRecord ? Infinity : rr;
        const moves = length > limit && idleTurns[event]! < stall.turns && rr < largestSquare;
        if (!moves) continue;
        anyMoves = true;
        of(x).set(of(f));
        if (!isRecord) continue;
        records[event] = rr;
        const dr = of(r).map((value, j) => value - of(lastR)[j]!);
        const drdr = inner(dr, dr);
        if (i === 0 || drdr === 0) continue;
        const theta = inner(of(r), dr) / drdr;
        of(x).forEach((value, j) => (of(x)[j] = value - theta * (value - of(lastF)[j]!)));
      }
      if (!anyMoves) break;
    }
    return Float64Array.of(...f, ...r);
  },

  loop: (node, [steps, begins, ...rest]) => {
    const { parameters, results } = node.attributes;
    const states = results.length - 1;
    const captured = rest.slice(states);
    let state = rest.slice(0, states);
    let goOn = begins!;
    for (let i = 0; i < Math.round(steps![0]!) && goOn[0]! > 0; i++) {
      const values = [...state, ...captured];
      const given = new Map(parameters.map((parameter, j) => [parameter, values[j]!]));
      const known = compute(results, given, {});
      state = results.slice(0, -1).map((result) => known.get(result)!);
      goOn = known.get(results.at(-1)!)!;
    }
    return Float64Array.from(state.flatMap((data) => Array.from(data)));
  },
};

function inner(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, i) => total + value * b[i]!, 0);
}
