import type { Tensor } from "../graph/index.js";
import { HiddenShapes } from "./hidden-shapes.js";
import { type Shape } from "../tree.js";
import type { Users } from "./users.js";
import type { BatchAxis, OfBatch } from "./batch-axis.js";
import {
  castTo,
  type Attributes,
  type Dimension,
  type ElementType,
  type NodeProto,
  type TensorProto,
} from "./proto.js";

/** How the nodes of a model are lowered, in the bodies of its loops too. */
export interface Lowerer {
  /** Whether the runtime isn't to know shapes before it runs: see {@link HiddenShapes}. */
  readonly hidesShapes: boolean;
  /** Lowers every node that `outputs` need and that has no name yet. */
  readonly lower: (outputs: readonly Tensor[], scope: GraphScope) => void;
}

/** What a model and the bodies of its loops share: one namespace and one set of constants. */
export class ModelScope {
  readonly lowerer: Lowerer;
  /** Which nodes take a tensor as an input. */
  readonly users: Users;
  readonly initializers: TensorProto[] = [];
  readonly hiddenShapes = new HiddenShapes((stem) => this.fresh(stem));
  /** Domains of the operators in use. */
  readonly domains = new Set<string>([""]);
  readonly #constants = new Map<string, string>();
  readonly #used: Set<string>;
  /** Where the model is for batches of any size. */
  readonly batch: BatchAxis | undefined;
  /** Whether all its filters are trained, even where other models hold their gradients. */
  readonly trains: boolean;

  /** @param reserved names of the model's inputs and outputs */
  constructor(
    lowerer: Lowerer,
    users: Users,
    reserved: Iterable<string>,
    { batch, trains = false }: { readonly batch?: BatchAxis; readonly trains?: boolean } = {},
  ) {
    this.lowerer = lowerer;
    this.users = users;
    this.batch = batch;
    this.trains = trains;
    this.#used = new Set(reserved);
  }

  /** A name that nothing in the model has yet. */
  fresh(stem: string): string {
    let name = `${stem}_${this.#used.size}`;
    while (this.#used.has(name)) name += "_";
    this.#used.add(name);
    return name;
  }

  constant(type: ElementType, bytes: Uint8Array, shape: Shape): string {
    const add = (): string => {
      const name = this.fresh(type);
      this.initializers.push({ name, type, shape, bytes });
      return name;
    };
    const isSmall = bytes.length <= 1024;
    return isSmall ? this.once(`${type}|${shape}|${bytes.join()}`, add) : add();
  }

  /** The name of what `make` adds, once for each key. */
  once(key: string, make: () => string): string {
    const known = this.#constants.get(key);
    if (known) return known;
    const name = make();
    this.#constants.set(key, name);
    return name;
  }
}

/** One graph under construction: the model's, or the body of a loop in it. */
export class GraphScope {
  readonly nodes: NodeProto[] = [];
  readonly model: ModelScope;
  readonly #outer: Outer | undefined;
  readonly #names = new Map<Tensor, string>();
  readonly #later = new Map<Tensor, () => string>();
  readonly #derived = new Map<Tensor, Map<string, string>>();
  /** What a reshaped value was made from, and reshaped values by that and their shape. */
  readonly #reshaped = new Map<string, string>();
  readonly #reshapes = new Map<string, string>();

  constructor(model: ModelScope, outer?: Outer) {
    this.model = model;
    this.#outer = outer;
  }

  /** Adds an operator with one result and returns the result's name. */
  emit(
    opType: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    domain = "",
  ): string {
    const name = this.model.fresh(opType);
    this.emitAs(name, opType, inputs, attributes, domain);
    return name;
  }

  /** Adds an operator whose result has a given name. */
  emitAs(
    name: string,
    opType: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    domain = "",
  ): void {
    this.model.domains.add(domain);
    this.nodes.push({ opType, domain, inputs, outputs: [name], attributes });
  }

  /** A list of integers, as axes and shapes are: a constant, unless the batch is in it. */
  ints(values: readonly number[]): string {
    const parts = values.map((n) => this.model.batch?.split(n) ?? { times: 0, rest: n });
    if (parts.some(({ times }) => times !== 0)) return this.#ofBatch(parts);
    const words = BigInt64Array.from(values, BigInt);
    return this.model.constant("int64", new Uint8Array(words.buffer), [values.length]);
  }

  /** Integers that the size of the batch makes, once and outside loops. */
  #ofBatch(parts: readonly OfBatch[]): string {
    if (this.#outer) return this.#outer.scope.#ofBatch(parts);
    const { input } = this.model.batch!;
    return this.model.once(`batch ${JSON.stringify(parts)}`, () => {
      const size = this.model.once("batch", () =>
        this.emit("Slice", [this.emit("Shape", [input]), this.ints([0]), this.ints([1])]),
      );
      const times = this.ints(parts.map((part) => part.times));
      const rest = this.ints(parts.map((part) => part.rest));
      return this.emit("Add", [this.emit("Mul", [size, times]), rest]);
    });
  }

  /** Sizes as a value's type states them. */
  dimensions(shape: Shape): Dimension[] {
    return shape.map((n) => this.model.batch?.dimension(n) ?? n);
  }

  floats(values: readonly number[], shape: Shape): string {
    const numbers = Float32Array.from(values);
    return this.model.constant("float", new Uint8Array(numbers.buffer), shape);
  }

  /** A number: a constant, unless it is one that grows with the batch. */
  float(value: number): string {
    const part = this.model.batch?.split(value);
    if (!part) return this.floats([value], []);
    return this.reshape(this.emit("Cast", [this.#ofBatch([part])], { to: castTo("float") }), []);
  }

  doubles(values: readonly number[], shape: Shape): string {
    const numbers = Float64Array.from(values);
    return this.model.constant("double", new Uint8Array(numbers.buffer), shape);
  }

  bool(value: boolean): string {
    return this.model.constant("bool", Uint8Array.of(value ? 1 : 0), []);
  }

  /** `name` holds the value of `tensor` from now on. */
  bind(tensor: Tensor, name: string): void {
    this.#names.set(tensor, name);
  }

  /** `make` computes `tensor` if somebody asks for its name. */
  bindLater(tensor: Tensor, make: () => string): void {
    this.#later.set(tensor, make);
  }

  has(tensor: Tensor): boolean {
    return (
      this.#names.has(tensor) ||
      this.#later.has(tensor) ||
      this.#outer?.captured(tensor) !== undefined
    );
  }

  nameOf(tensor: Tensor): string {
    const captured = this.#outer?.captured(tensor);
    if (captured) return this.#outer!.scope.nameOf(captured);
    const name = this.#names.get(tensor) ?? this.#later.get(tensor)!();
    this.#names.set(tensor, name);
    return name;
  }

  /** Whether the tensor's name has been asked for, or given at once. */
  isNamed(tensor: Tensor): boolean {
    const captured = this.#outer?.captured(tensor);
    return captured ? this.#outer!.scope.isNamed(captured) : this.#names.has(tensor);
  }

  /**
   * A value that several operators want of one tensor, such as a flipped filter: made once, and
   * outside the loop if the tensor comes from there.
   */
  derived(
    tensor: Tensor,
    what: string,
    make: (scope: GraphScope, tensor: Tensor) => string,
  ): string {
    const captured = this.#outer?.captured(tensor);
    if (captured) return this.#outer!.scope.derived(captured, what, make);
    const name = this.known(tensor, what) ?? make(this, tensor);
    this.know(tensor, what, name);
    return name;
  }

  /** The name of what has been derived from a tensor, if it has. */
  known(tensor: Tensor, what: string): string | undefined {
    const captured = this.#outer?.captured(tensor);
    if (captured) return this.#outer!.scope.known(captured, what);
    return this.#derived.get(tensor)?.get(what);
  }

  /** `name` holds what is derived from `tensor`. */
  know(tensor: Tensor, what: string, name: string): void {
    const known = this.#derived.get(tensor) ?? new Map<string, string>();
    this.#derived.set(tensor, known.set(what, name));
  }

  /** Made once for each shape, and from the value that was reshaped first. */
  reshape(name: string, shape: Shape): string {
    const source = this.#reshaped.get(name) ?? name;
    const key = `${source} ${shape}`;
    const known = this.#reshapes.get(key);
    if (known !== undefined) return known;
    const reshaped = this.emit("Reshape", [source, this.#shape(shape)]);
    this.#reshaped.set(reshaped, source);
    this.#reshapes.set(key, reshaped);
    return reshaped;
  }

  /** A vector that holds a shape; the bodies of loops have theirs as constants. */
  #shape(shape: Shape): string {
    const isHidden = this.model.lowerer.hidesShapes && !this.#outer;
    if (isHidden) return this.model.hiddenShapes.nameOf(shape);
    const isOpen = (n: number): boolean => this.model.batch?.split(n) !== undefined;
    // The one axis that isn't known follows from the others.
    const follows = shape.filter(isOpen).length === 1;
    return this.ints(follows ? shape.map((n) => (isOpen(n) ? -1 : n)) : shape);
  }

  transpose(name: string, perm: readonly number[]): string {
    return this.emit("Transpose", [name], { perm });
  }
}

/** The scope around a loop's body, and which of its tensors a parameter of the body stands for. */
export interface Outer {
  readonly scope: GraphScope;
  captured(parameter: Tensor): Tensor | undefined;
}
