import type { Tensor } from "../graph/index.js";
import { HiddenShapes } from "./hidden-shapes.js";
import { type Shape } from "../tree.js";
import type { Users } from "./users.js";
import type { LoweringTarget } from "./lowering.js";
import type { Attributes, ElementType, NodeProto, TensorProto } from "./proto.js";

/** What a model and the bodies of its loops share: one namespace and one set of constants. */
export class ModelScope {
  readonly target: LoweringTarget;
  /** Which nodes take a tensor as an input. */
  readonly users: Users;
  readonly initializers: TensorProto[] = [];
  readonly hiddenShapes = new HiddenShapes((stem) => this.fresh(stem));
  /** Domains of the operators in use. */
  readonly domains = new Set<string>([""]);
  readonly #constants = new Map<string, string>();
  readonly #used: Set<string>;

  /** @param reserved names of the model's inputs and outputs */
  constructor(target: LoweringTarget, users: Users, reserved: Iterable<string>) {
    this.target = target;
    this.users = users;
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
export class Scope {
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

  /** A constant list of integers, as axes and shapes are. */
  ints(values: readonly number[]): string {
    const words = BigInt64Array.from(values, BigInt);
    return this.model.constant("int64", new Uint8Array(words.buffer), [values.length]);
  }

  floats(values: readonly number[], shape: Shape): string {
    const numbers = Float32Array.from(values);
    return this.model.constant("float", new Uint8Array(numbers.buffer), shape);
  }

  float(value: number): string {
    return this.floats([value], []);
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
  derived(tensor: Tensor, what: string, make: (scope: Scope, tensor: Tensor) => string): string {
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
    const isHidden = this.model.target.hidesShapes && !this.#outer;
    return isHidden ? this.model.hiddenShapes.nameOf(shape) : this.ints(shape);
  }

  transpose(name: string, perm: readonly number[]): string {
    return this.emit("Transpose", [name], { perm });
  }
}

/** The scope around a loop's body, and which of its tensors a parameter of the body stands for. */
export interface Outer {
  readonly scope: Scope;
  captured(parameter: Tensor): Tensor | undefined;
}
