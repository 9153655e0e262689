import { expectKind } from "../border/kinds.js";
import { ShapeError } from "../errors.js";
import { sameShape, sizeOf, type Shape } from "../tree.js";

type NoAttributes = Readonly<Record<string, never>>;

/** Every operation of the graph, with the attributes its nodes carry. */
export interface OpAttributes {
  /** A value given when the graph runs. */
  readonly input: { readonly name: string };
  /** One number in every element. */
  readonly constant: { readonly value: number };
  /** Numbers known when the graph is traced, row-major. */
  readonly literal: { readonly data: readonly number[] };

  readonly neg: NoAttributes;
  readonly exp: NoAttributes;
  readonly log: NoAttributes;
  readonly sqrt: NoAttributes;
  readonly abs: NoAttributes;
  readonly sign: NoAttributes;
  readonly sin: NoAttributes;
  readonly cos: NoAttributes;
  readonly tanh: NoAttributes;
  readonly sigmoid: NoAttributes;
  readonly softplus: NoAttributes;
  /** The order-th derivative of ELU; those above the second equal the second. */
  readonly elu: { readonly order: 0 | 1 | 2 };
  readonly stopGradient: NoAttributes;

  readonly add: NoAttributes;
  readonly sub: NoAttributes;
  readonly mul: NoAttributes;
  readonly div: NoAttributes;
  readonly maximum: NoAttributes;
  readonly minimum: NoAttributes;
  /** 1 where a > b, else 0. */
  readonly greater: NoAttributes;
  /** The second input where the first is above 0, else the third. */
  readonly select: NoAttributes;

  readonly reshape: NoAttributes;
  readonly broadcast: NoAttributes;
  readonly transpose: { readonly perm: readonly number[] };
  readonly slice: { readonly axis: number; readonly start: number; readonly end: number };
  readonly pad: { readonly axis: number; readonly before: number; readonly after: number };
  readonly concat: { readonly axis: number };

  /** Reductions keep the reduced axes with size 1. */
  readonly sum: { readonly axes: readonly number[] };
  readonly max: { readonly axes: readonly number[] };

  readonly matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  readonly conv2d: NoAttributes;
  readonly conv2dInputGrad: NoAttributes;
  readonly conv2dWeightGrad: NoAttributes;

  /** The first input, whose gradient in the others `vjp` gives. */
  readonly withGradient: { readonly vjp: (g: Tensor) => readonly Tensor[] };

  /** The mean over the members of a team, each with an x of its own. */
  readonly allMean: NoAttributes;

  /** Body x ↦ f(x). The node holds f(x) and then f(x) − x, along axis 0. */
  readonly fixedPoint: Body;
  /** Body state ↦ next state, goOn. The node holds the last state's tensors, flat, one by one. */
  readonly loop: Body;
}

/** The body of an iteration, closed over inputs of its own. */
export interface Body {
  /** Stand for what the iteration carries, then for each captured value. */
  readonly parameters: readonly Tensor[];
  readonly results: readonly Tensor[];
}

export type OpName = keyof OpAttributes;

/** One node of a given operation. */
export interface Node<K extends OpName> {
  /** Unique in this process; order of creation, so inputs have smaller ones. */
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Tensor[];
  readonly attributes: OpAttributes[K];
  readonly shape: Shape;
}

/** A symbolic, immutable value with a static shape. There is nothing to dispose. */
export type Tensor = { readonly [K in OpName]: Node<K> }[OpName];

/** A tensor that a run is given by name: an argument, noise, or a variable. */
export type Input = Node<"input">;

/** A tensor, or a number that stands for a scalar constant. */
export type TensorLike = Tensor | number;

let created = 0;

/** Makes a node as it is: shapes are the caller's care. */
export function makeNode<K extends OpName>(
  op: K,
  inputs: readonly Tensor[],
  attributes: OpAttributes[K],
  shape: Shape,
): Tensor {
  const node: Node<K> = { id: created++, op, inputs, attributes, shape };
  return node as unknown as Tensor;
}

/** A value given by name when the graph runs. */
export function input(name: string, shape: Shape): Input {
  expectKind(shape, "shape", "input");
  return makeNode("input", [], { name }, shape) as Input;
}

/** A tensor with `value` in every element. */
export function constant(value: number, shape: Shape = []): Tensor {
  expectKind(value, "number", "constant");
  expectKind(shape, "shape", "constant");
  return makeNode("constant", [], { value }, shape);
}

/**
 * A tensor of numbers known now, row-major.
 * @throws {ShapeError} if their count isn't the shape's size.
 */
export function literal(data: readonly number[], shape: Shape): Tensor {
  expectKind(data, "list", "literal");
  expectKind(shape, "shape", "literal");
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `literal: expected ${sizeOf(shape)} numbers for shape [${shape}], got ${data.length}`,
    );
  }
  return makeNode("literal", [], { data }, shape);
}

/** The tensor itself, or the scalar constant a number stands for. */
export function asTensor(x: TensorLike, where = "asTensor"): Tensor {
  return typeof x === "number" ? constant(x) : expectTensor(x, where);
}

/** @throws {UsageError} if x isn't a tensor. */
export function expectTensor(x: Tensor, where: string): Tensor {
  expectKind(x, "tensor", where);
  return x;
}

/** @throws {ShapeError} if x isn't of this shape. */
export function expectShape(x: Tensor, shape: Shape, where: string): void {
  expectTensor(x, where);
  expectKind(shape, "shape", where);
  if (!sameShape(x.shape, shape)) {
    throw new ShapeError(`${where}: expected shape [${shape}], got [${x.shape}]`);
  }
}

/** @throws {ShapeError} if x isn't `[B, ...event]`. */
export function expectEvent(x: Tensor, event: Shape, where: string): void {
  expectTensor(x, where);
  expectKind(event, "shape", where);
  if (x.shape.length !== event.length + 1 || !sameShape(x.shape.slice(1), event)) {
    throw new ShapeError(`${where}: expected shape [B, ${event.join(", ")}], got [${x.shape}]`);
  }
}

/** @throws {ShapeError} if x has another number of axes. */
export function expectRank(x: Tensor, rank: number, where: string): void {
  expectTensor(x, where);
  if (x.shape.length !== rank) {
    throw new ShapeError(`${where}: expected ${rank} axes, got shape [${x.shape}]`);
  }
}

/**
 * The nodes that `outputs` need, each after its inputs. `isLeaf` cuts the walk: such a node is
 * listed, what it is made of is not.
 */
export function topologicalOrder(
  outputs: Iterable<Tensor>,
  isLeaf: (node: Tensor) => boolean = () => false,
): Tensor[] {
  const seen = new Set<Tensor>();
  const stack = [...outputs];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (!isLeaf(node)) stack.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
