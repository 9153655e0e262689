import { CheckpointError } from "../errors.js";
import { sameShape, type NDArray, type Shape } from "../tree.js";
import type { TorchFile } from "./torch-file.js";
import { TorchTensor } from "./torch-tensor.js";

/** Tensors by name, each of which is read once: what is left was not understood. */
export class StateDict {
  readonly #tensors: ReadonlyMap<string, TorchTensor>;
  readonly #file: TorchFile;
  readonly #where: string;
  readonly #left: Set<string>;

  constructor(tensors: ReadonlyMap<string, TorchTensor>, file: TorchFile, where: string) {
    this.#tensors = tensors;
    this.#file = file;
    this.#where = where;
    this.#left = new Set(tensors.keys());
  }

  get names(): IterableIterator<string> {
    return this.#tensors.keys();
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** @throws {CheckpointError} if there is none of that name. */
  shapeOf(name: string): Shape {
    return this.#expect(name).shape;
  }

  /**
   * @param shape what its shape must be; any unless given
   * @throws {CheckpointError} if there is none of that name, it has another shape, or it holds NaN
   * or an infinity.
   */
  take(name: string, shape?: Shape): NDArray<Float64Array> {
    const tensor = this.#expect(name);
    if (shape && !sameShape(tensor.shape, shape)) {
      throw this.error(`${name} of shape [${shape}]`, `[${tensor.shape}]`);
    }
    this.#left.delete(name);
    const array = this.#file.read(tensor);
    if (!array.data.every(Number.isFinite)) {
      throw this.error(`finite numbers in ${name}`, "NaN or an infinite value");
    }
    return array;
  }

  /** Marks tensors that a model has but its function doesn't depend on. */
  ignore(names: RegExp): void {
    for (const name of this.#left) if (names.test(name)) this.#left.delete(name);
  }

  /** @throws {CheckpointError} naming tensors that nothing took. */
  expectEmpty(): void {
    const left = [...this.#left];
    if (left.length === 0) return;
    const more = left.length > 3 ? ` and ${left.length - 3} more` : "";
    throw this.error(
      "no tensors beyond those of the published models",
      `${left.slice(0, 3).join(", ")}${more}`,
    );
  }

  error(expected: string, got: string): CheckpointError {
    return new CheckpointError(
      `${this.#where}: expected ${expected}, got ${got}; check what the file's model was made of, and the option "from"`,
    );
  }

  #expect(name: string): TorchTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw this.error(`a tensor ${name}`, `${this.#tensors.size} others`);
    return tensor;
  }
}
