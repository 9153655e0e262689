import { sameShape, sizeOf } from "../tree.js";
import { broadcastShape, type BinaryOp } from "./elementwise.js";
import { binaryFunctions, eluFunction, isBinary, isUnary, unaryFunctions } from "./scalar.js";
import {
  constant,
  makeNode,
  topologicalOrder,
  type Node,
  type OpAttributes,
  type OpName,
  type Tensor,
} from "./tensor.js";

/**
 * An equal, smaller graph: common subexpressions are shared, constants folded, operations that
 * undo each other removed, broadcasts left to the operations that do them anyway, and nodes no
 * output needs are gone. Stops of the gradient and gradients given by hand vanish: simplify after
 * differentiating.
 */
export function simplify<K extends string>(
  outputs: Readonly<Record<K, Tensor>>,
): Record<K, Tensor> {
  const simplifier = new Simplifier();
  const done = new Map<Tensor, Tensor>();
  const get = (node: Tensor): Tensor => done.get(node)!;
  for (const node of topologicalOrder(Object.values<Tensor>(outputs))) {
    const { op, inputs, attributes, shape } = node;
    const isLeaf = inputs.length === 0;
    done.set(
      node,
      isLeaf ? simplifier.leaf(node) : simplifier.make(op, inputs.map(get), attributes, shape),
    );
  }
  return Object.fromEntries(
    Object.entries<Tensor>(outputs).map(([name, node]) => [name, get(node)]),
  ) as Record<K, Tensor>;
}

const commutative: readonly OpName[] = ["add", "mul", "maximum", "minimum"];

class Simplifier {
  readonly #interned = new Map<string, Tensor>();
  readonly #literals = new Map<readonly number[], number>();

  /** The node itself or a known one equal to it, if it has no inputs; those of a loop stay its own. */
  leaf(node: Tensor): Tensor {
    return this.#intern(node);
  }

  /** The simplest known node equal to this one; `inputs` are simplified already. */
  make<K extends OpName>(
    op: K,
    inputs: readonly Tensor[],
    attributes: OpAttributes[K],
    shape: readonly number[],
  ): Tensor {
    const node = makeNode(op, this.#ordered(op, inputs), attributes, shape);
    return this.#rewrite(node) ?? this.#intern(node);
  }

  #ordered(op: OpName, inputs: readonly Tensor[]): readonly Tensor[] {
    if (!commutative.includes(op)) return inputs;
    const rank = (x: Tensor): number => (x.op === "constant" ? Infinity : x.id);
    return [...inputs].sort((a, b) => rank(a) - rank(b) || 0);
  }

  #intern(node: Tensor): Tensor {
    if (node.op === "fixedPoint" || node.op === "loop") {
      const { parameters, results } = node.attributes;
      const simplified = Object.values(simplify(Object.fromEntries(results.entries())));
      return makeNode(node.op, node.inputs, { parameters, results: simplified }, node.shape);
    }
    const key = `${node.op}|${node.inputs.map((i) => i.id)}|${this.#attributeKey(node)}|${node.shape}`;
    const known = this.#interned.get(key);
    if (known) return known;
    this.#interned.set(key, node);
    return node;
  }

  #attributeKey(node: Tensor): string {
    if (node.op === "constant") return String(node.attributes.value); // JSON has no infinity
    if (node.op !== "literal") return JSON.stringify(node.attributes);
    const { data } = node.attributes;
    const index = this.#literals.get(data) ?? this.#literals.size;
    this.#literals.set(data, index);
    return String(index);
  }

  readonly #constant = (value: number, shape: readonly number[]): Tensor =>
    this.#intern(constant(value, shape));

  #rewrite(node: Tensor): Tensor | undefined {
    const [x, y] = node.inputs;
    if (!x) return undefined;
    if (node.op === "stopGradient" || node.op === "withGradient") return x;
    if (x.op === "constant" && (node.inputs.length === 1 || y?.op === "constant")) {
      const folded = this.#fold(node, x.attributes.value, y);
      if (folded) return folded;
    }
    if (isBinary(node.op) && y) return this.#binary(node as Node<BinaryOp>, x, y);
    switch (node.op) {
      case "neg":
        return this.#neg(node, x);
      case "reshape":
        if (sameShape(x.shape, node.shape)) return x;
        return x.op === "reshape" ? this.make("reshape", x.inputs, {}, node.shape) : undefined;
      case "broadcast":
        if (sameShape(x.shape, node.shape)) return x;
        return x.op === "broadcast" ? this.make("broadcast", x.inputs, {}, node.shape) : undefined;
      case "transpose":
        return this.#transpose(node, x);
      case "slice":
      case "pad":
        return sameShape(x.shape, node.shape) ? x : undefined;
      case "concat":
        return node.inputs.length === 1 ? x : undefined;
      case "sum":
        return this.#sum(node, x);
      case "max": {
        const axes = node.attributes.axes.filter((axis) => x.shape[axis] !== 1);
        return axes.length === 0 ? x : undefined;
      }
      case "matmul":
        return y && this.#matmul(node, x, y);
      default:
        return undefined;
    }
  }

  #fold(node: Tensor, a: number, y: Tensor | undefined): Tensor | undefined {
    const { op, shape } = node;
    if (isUnary(op)) return this.#constant(unaryFunctions[op](a), shape);
    if (isBinary(op) && y?.op === "constant") {
      return this.#constant(binaryFunctions[op](a, y.attributes.value), shape);
    }
    switch (op) {
      case "elu":
        return this.#constant(eluFunction(node.attributes.order)(a), shape);
      case "reshape":
      case "broadcast":
      case "transpose":
      case "slice":
      case "max":
        return this.#constant(a, shape);
      case "sum":
        return this.#constant((a * sizeOf(node.inputs[0]!.shape)) / sizeOf(shape), shape);
      default:
        return undefined;
    }
  }

  #binary(node: Node<BinaryOp>, x: Tensor, y: Tensor): Tensor | undefined {
    const { op, shape } = node;
    const [slimX, slimY] = [this.#slim(x, y.shape, shape), this.#slim(y, x.shape, shape)];
    if (slimX !== x) return this.make(op, [slimX, y], {}, shape);
    if (slimY !== y) return this.make(op, [x, slimY], {}, shape);
    const value = y.op === "constant" ? y.attributes.value : undefined;
    const full = sameShape(x.shape, shape);
    switch (op) {
      case "add":
        if (value === 0 && full) return x;
        if (y.op === "neg") return this.make("sub", [x, y.inputs[0]!], {}, shape);
        if (x.op === "neg") return this.make("sub", [y, x.inputs[0]!], {}, shape);
        return undefined;
      case "sub":
        if (value === 0 && full) return x;
        if (y.op === "neg") return this.make("add", [x, y.inputs[0]!], {}, shape);
        if (x.op === "constant" && x.attributes.value === 0 && sameShape(y.shape, shape))
          return this.make("neg", [y], {}, shape);
        return undefined;
      case "mul":
        return value === undefined ? undefined : this.#scale(node, x, value);
      case "div":
        return value === undefined
          ? undefined
          : this.make("mul", [x, this.#constant(1 / value, y.shape)], {}, shape);
      default:
        return undefined;
    }
  }

  /** x · value, with factors gathered and moved before broadcasts. */
  #scale(node: Tensor, x: Tensor, value: number): Tensor | undefined {
    const { shape } = node;
    if (value === 0) return this.#constant(0, shape);
    if (!sameShape(x.shape, shape)) return undefined;
    if (value === 1) return x;
    if (value === -1) return this.make("neg", [x], {}, shape);
    const times = (inner: Tensor, factor: number): Tensor =>
      this.make("mul", [inner, this.#constant(factor, [])], {}, inner.shape);
    if (x.op === "neg") return times(x.inputs[0]!, -value);
    if (x.op === "broadcast")
      return this.make("broadcast", [times(x.inputs[0]!, value)], {}, shape);
    const factor = x.op === "mul" ? x.inputs[1] : undefined;
    if (factor?.op === "constant" && sameShape(x.inputs[0]!.shape, shape)) {
      return times(x.inputs[0]!, factor.attributes.value * value);
    }
    return undefined;
  }

  #neg(node: Tensor, x: Tensor): Tensor | undefined {
    const [a, b] = x.inputs;
    if (x.op === "neg") return a;
    if (x.op === "sub") return this.make("sub", [b!, a!], {}, node.shape);
    if (x.op === "mul" && b?.op === "constant") {
      const factor = this.#constant(-b.attributes.value, b.shape);
      return this.make("mul", [a!, factor], {}, node.shape);
    }
    return undefined;
  }

  /** x without a broadcast that the operation on (x, other) does by itself. */
  #slim(x: Tensor, other: readonly number[], result: readonly number[]): Tensor {
    if (x.op === "constant" && x.shape.length > 0 && sameShape(other, result)) {
      return this.#constant(x.attributes.value, []);
    }
    const inner = x.op === "broadcast" ? x.inputs[0] : undefined;
    return inner && sameShape(broadcastShape(inner.shape, other, "simplify"), result) ? inner : x;
  }

  #transpose(node: Node<"transpose">, x: Tensor): Tensor | undefined {
    const { perm } = node.attributes;
    if (perm.every((axis, i) => axis === i)) return x;
    if (x.op !== "transpose") return undefined;
    const first = x.attributes.perm;
    return this.make("transpose", x.inputs, { perm: perm.map((i) => first[i]!) }, node.shape);
  }

  #sum(node: Node<"sum">, x: Tensor): Tensor | undefined {
    const axes = node.attributes.axes.filter((axis) => x.shape[axis] !== 1);
    if (axes.length === 0) return x;
    if (axes.length < node.attributes.axes.length) {
      return this.make("sum", [x], { axes }, node.shape);
    }
    if (x.op === "neg" || x.op === "mul") return this.#sumScaled(node, x, axes);
    if (x.op !== "broadcast") return undefined;
    const inner = x.inputs[0]!;
    const lead = Array.from({ length: x.shape.length - inner.shape.length }, () => 1);
    const small = this.make("reshape", [inner], {}, [...lead, ...inner.shape]);
    const repeated = axes.filter((axis) => small.shape[axis] === 1);
    if (repeated.length === 0) return undefined;
    const count = sizeOf(repeated.map((axis) => x.shape[axis]!));
    const rest = axes.filter((axis) => !repeated.includes(axis));
    const shape = small.shape.map((n, i) => (rest.includes(i) ? 1 : n));
    const total = this.make("sum", [small], { axes: rest }, shape);
    const scaled = this.make("mul", [total, this.#constant(count, [])], {}, shape);
    return this.make("broadcast", [scaled], {}, node.shape);
  }

  /** A sum of multiples by what doesn't vary along its axes: the factor comes after the sum. */
  #sumScaled({ shape }: Tensor, x: Tensor, axes: readonly number[]): Tensor | undefined {
    const summed = (a: Tensor): Tensor => this.make("sum", [a], { axes }, shape);
    const [a, b] = [x.inputs[0]!, x.inputs[1]];
    if (!b) return this.make("neg", [summed(a)], {}, shape);
    const isFactor = (t: Tensor, other: Tensor): boolean =>
      sameShape(other.shape, x.shape) &&
      sameShape(broadcastShape(t.shape, shape, "simplify"), shape);
    if (isFactor(b, a)) return this.make("mul", [summed(a), b], {}, shape);
    return isFactor(a, b) ? this.make("mul", [a, summed(b)], {}, shape) : undefined;
  }

  #matmul(node: Node<"matmul">, a: Tensor, b: Tensor): Tensor | undefined {
    if (a.op !== "transpose" && b.op !== "transpose") return undefined;
    const { transposeA, transposeB } = node.attributes;
    const bare = (x: Tensor): Tensor => (x.op === "transpose" ? x.inputs[0]! : x);
    return this.make(
      "matmul",
      [bare(a), bare(b)],
      {
        transposeA: transposeA !== (a.op === "transpose"),
        transposeB: transposeB !== (b.op === "transpose"),
      },
      node.shape,
    );
  }
}
