import { expectParts } from "../border/parts.js";
import { UsageError } from "../errors.js";
import { input, type Input, type Tensor } from "../graph/index.js";
import type { Random } from "../random.js";
import { ndarray, sizeOf, type Arrays, type Shape } from "../tree.js";
import type { Context } from "./context.js";
import type { OperatorKind } from "./operators.js";

/**
 * First numbers of an array of the given size. Variables whose numbers belong together draw from
 * `model`, the same key for all of a model; others from their own.
 */
export type Initializer = (size: number, random: Random, model: Random) => ArrayLike<number>;

/** A named array that a model owns: trained by gradients, or kept as state. */
export interface Variable {
  readonly name: string;
  readonly tensor: Input;
  readonly kind: "parameter" | "state";
  /** Whether weight decay applies. */
  readonly decay: boolean;
  /**
   * Whether it holds the matrix of a linear map, `[O, I]` or `[O, I, k, k]`, which an optimizer may
   * update as a matrix rather than element by element.
   */
  readonly isMatrix: boolean;
  readonly initial: Initializer;
}

export const zeros: Initializer = (size) => new Float32Array(size);
export const ones: Initializer = (size) => new Float32Array(size).fill(1);
export const normal: Initializer = (size, random) => random.normal(size);
/** Uniform in ±bound. */
export const uniform =
  (bound: number): Initializer =>
  (size, random) =>
    random.uniform(size).map((u) => (2 * u - 1) * bound);

/** A weight whose norm as a linear map is kept within a bound; see {@link SpectralNorm}. */
export interface BoundedWeight {
  readonly path: string;
  /** The bound, or `undefined` for none. */
  readonly c: number | undefined;
  readonly weight: Tensor;
  /** The linear map that the weight stands for. */
  readonly kind: OperatorKind;
  readonly u: Input;
  readonly v: Input;
  /**
   * The weight within its bound. Where there is one, it is that of `ctx.once(this, ...)`: a tracing
   * may put it there before, computed already.
   */
  normalised(ctx: Context): Tensor;
  /** u and v after so many power iterations, and |Wv|, which is at most the norm of W. */
  iterate(count: number): { readonly u: Tensor; readonly v: Tensor; readonly sigma: Tensor };
}

/** Of a model: beyond, no machine of today trains it here. */
const mostNumbers = 2 ** 30;

/** Where a module declares its variables: a path in the model, such as `stages.0.blocks.3`. */
export class Scope {
  readonly #variables: Variable[];
  readonly #norms: BoundedWeight[];
  readonly path: string;

  /**
   * @param path of the module in the model; that of the whole model, empty, unless given
   * @param parent whose variables it shares; {@link Scope.child} gives it
   */
  constructor(path = "", parent?: Scope) {
    expectParts("Scope", { path, ...(parent !== undefined && { scope: parent }) });
    this.path = path;
    this.#variables = parent ? parent.#variables : [];
    this.#norms = parent ? parent.#norms : [];
  }

  child(name: string | number): Scope {
    return new Scope(this.#join(String(name)), this);
  }

  /**
   * Declares an array that gradients train.
   *
   * @param options
   *   - `decay`: whether weight decay applies; not unless given
   *   - `matrix`: see `isMatrix`; unless given, what decays and has at least
   * two axes is a matrix
   */
  parameter(
    name: string,
    shape: Shape,
    initial: Initializer,
    {
      decay = false,
      matrix = decay && shape.length >= 2,
    }: { readonly decay?: boolean; readonly matrix?: boolean } = {},
  ): Input {
    return this.#declare({ name, shape, initial, decay, isMatrix: matrix, kind: "parameter" });
  }

  /** Declares an array that only {@link Context.update} changes. */
  state(name: string, shape: Shape, initial: Initializer): Input {
    const rest = { decay: false, isMatrix: false, kind: "state" } as const;
    return this.#declare({ name, shape, initial, ...rest });
  }

  registerNorm(norm: BoundedWeight): void {
    this.#norms.push(norm);
  }

  /** All variables of the model, in order of declaration. */
  get variables(): readonly Variable[] {
    return this.#variables;
  }

  /** All spectral normalisations of the model, in order of declaration. */
  get norms(): readonly BoundedWeight[] {
    return this.#norms;
  }

  /**
   * First values of every variable, a function of the seed and of each one's name.
   * @throws {UsageError} if there are more than 2³⁰ of them.
   */
  initialArrays(random: Random): Arrays {
    this.#expectSize();
    return Object.fromEntries(
      this.#variables.map(({ name, tensor: { shape }, initial }) => [
        name,
        ndarray(initial(sizeOf(shape), random.split(name), random), shape),
      ]),
    );
  }

  #expectSize(): void {
    const size = this.#variables.reduce((sum, { tensor: { shape } }) => sum + sizeOf(shape), 0);
    if (size <= mostNumbers) return;
    throw new UsageError(
      `Scope: expected a model of at most ${mostNumbers.toLocaleString("en-US")} numbers (4 GiB), got ${size.toLocaleString("en-US")}; take fewer blocks, or fewer units in them`,
    );
  }

  #join(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  #declare(spec: Omit<Variable, "tensor"> & { readonly shape: Shape }): Input {
    const { shape, ...rest } = spec;
    const name = this.#join(spec.name);
    if (this.#variables.some((known) => known.name === name)) {
      throw new UsageError(
        `Scope: ${name} is declared twice; give each module its own child scope`,
      );
    }
    const tensor = input(name, shape);
    this.#variables.push({ ...rest, name, tensor });
    return tensor;
  }
}
