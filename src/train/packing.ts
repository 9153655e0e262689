import { concat, reshape, slice, type Tensor } from "../graph/index.js";
import { sizeOf, type NDArray, type Shape } from "../tree.js";

interface Named {
  readonly name: string;
  readonly shape: Shape;
}

interface Place extends Named {
  /** Its elements are those from `start` (included) to `end` (excluded). */
  readonly start: number;
  readonly end: number;
}

/** Many arrays laid end to end as one, so that a few operations update them all. */
export class Packing {
  /** Of the one array, whose shape is `[size]`. */
  readonly size: number;
  readonly #places: readonly Place[];

  constructor(parts: readonly Named[]) {
    let end = 0;
    this.#places = parts.map(({ name, shape }) => {
      const start = end;
      end += sizeOf(shape);
      return { name, shape, start, end };
    });
    this.size = end;
  }

  get names(): readonly string[] {
    return this.#places.map(({ name }) => name);
  }

  get shapes(): readonly (readonly [name: string, Shape])[] {
    return this.#places.map(({ name, shape }) => [name, shape]);
  }

  pack(array: (name: string) => NDArray): NDArray {
    const data = new Float32Array(this.size);
    for (const { name, start } of this.#places) data.set(array(name).data, start);
    return { shape: [this.size], data };
  }

  unpack({ data }: NDArray): (readonly [name: string, NDArray])[] {
    return this.#places.map(({ name, shape, start, end }) => [
      name,
      { shape, data: data.slice(start, end) },
    ]);
  }

  packTensors(tensor: (name: string) => Tensor): Tensor {
    const parts = this.#places.map(({ name, start, end }) => reshape(tensor(name), [end - start]));
    return concat(parts, 0);
  }

  unpackTensor(packed: Tensor): (readonly [name: string, Tensor])[] {
    return this.#places.map(({ name, shape, start, end }) => [
      name,
      reshape(slice(packed, 0, start, end), shape),
    ]);
  }
}
