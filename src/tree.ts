import { ShapeError } from "./errors.js";

/** Sizes along each axis; `[]` is a scalar. */
export type Shape = readonly number[];

/** Numbers in row-major order, with their shape: of any array type, as they enter the library. */
export interface NumberArray {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** Numbers in row-major order, with their shape: float32, or float64 where data keep their units. */
export interface NDArray<T extends Float32Array | Float64Array = Float32Array> extends NumberArray {
  readonly data: T;
}

/** Arrays by path, such as `blocks.3.conv1.weight`. */
export type Arrays = Readonly<Record<string, NDArray>>;

/** Numbers that an exported file takes or gives, by name. */
export type FileArrays = Readonly<Record<string, NDArray<Float32Array | Float64Array>>>;

/** Number of elements of `shape`. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/**
 * Wraps numbers as an array of the given shape.
 *
 * @param data numbers in row-major order; a Float32Array is kept, others are copied and rounded
 * @param shape of the array, `[]` for a scalar
 * @throws {ShapeError} if the shape isn't one of whole numbers, their count isn't its size, or one
 * isn't a number.
 */
export function ndarray(data: ArrayLike<number>, shape: Shape): NDArray {
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new ShapeError(`ndarray: expected a shape of whole numbers, got [${String(shape)}]`);
  }
  if (typeof data !== "object" || (data as unknown) === null) {
    throw new ShapeError(`ndarray: expected numbers, got ${typeof data}`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `ndarray: expected ${sizeOf(shape)} numbers for shape [${shape}], got ${data.length}`,
    );
  }
  if (data instanceof Float32Array) return { shape, data };
  const isNumber = (value: unknown): boolean => typeof value === "number";
  const odd = Array.isArray(data)
    ? data.findIndex((value) => !isNumber(value))
    : data.length === 0 || isNumber(data[0])
      ? -1
      : 0;
  if (odd >= 0) {
    throw new ShapeError(`ndarray: expected numbers, got ${typeof data[odd]} at index ${odd}`);
  }
  return { shape, data: Float32Array.from(data) };
}

/** An array of one number. */
export function scalarArray(value: number): NDArray {
  return { shape: [], data: Float32Array.of(value) };
}

/** The same record with `f` of each value. */
export function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  f: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]));
}

/** Bytes in memory of their own, such as a Blob takes; written so that TypeScript before 5.7 knows it. */
export type Bytes = Uint8Array & { readonly buffer: ArrayBuffer };
