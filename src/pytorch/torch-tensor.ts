import { CheckpointError } from "../errors.js";
import { fromBrain, fromHalf } from "../half.js";
import { sizeOf, type NDArray, type Shape } from "../tree.js";
import { PickleForeign } from "./pickle-values.js";

/** How the numbers of a storage are read. */
export interface NumberType {
  readonly name: string;
  /** Bytes of a number. */
  readonly size: number;
  readonly at: (view: DataView, byte: number) => number;
}

const numberType = (name: string, size: number, at: NumberType["at"]): NumberType => ({
  name,
  size,
  at,
});

/** By the name of PyTorch's storage class. */
export const storageTypes: ReadonlyMap<string, NumberType> = new Map([
  ["FloatStorage", numberType("float32", 4, (view, i) => view.getFloat32(i, true))],
  ["DoubleStorage", numberType("float64", 8, (view, i) => view.getFloat64(i, true))],
  ["HalfStorage", numberType("float16", 2, (view, i) => fromHalf(view.getUint16(i, true)))],
  ["BFloat16Storage", numberType("bfloat16", 2, (view, i) => fromBrain(view.getUint16(i, true)))],
  ["CharStorage", numberType("int8", 1, (view, i) => view.getInt8(i))],
  ["ByteStorage", numberType("uint8", 1, (view, i) => view.getUint8(i))],
  ["ShortStorage", numberType("int16", 2, (view, i) => view.getInt16(i, true))],
  ["IntStorage", numberType("int32", 4, (view, i) => view.getInt32(i, true))],
  ["LongStorage", numberType("int64", 8, (view, i) => Number(view.getBigInt64(i, true)))],
  ["BoolStorage", numberType("bool", 1, (view, i) => (view.getUint8(i) === 0 ? 0 : 1))],
]);

/** Numbers in a row, which tensors are views of; several may share one. */
export class TorchStorage extends PickleForeign {
  readonly label = "a storage";
  readonly key: string;
  readonly type: NumberType;
  /** Count of numbers. */
  readonly length: number;

  constructor(key: string, type: NumberType, length: number) {
    super();
    this.key = key;
    this.type = type;
    this.length = length;
  }

  get byteLength(): number {
    return this.length * this.type.size;
  }
}

/** Numbers of a view that repeats some of a storage's, through strides of 0, at most. */
const mostRepeated = 2 ** 20;

/** A view of a storage: its number at [i, j, …] is the storage's at offset + i·stride₀ + j·stride₁ + …. */
export class TorchTensor extends PickleForeign {
  readonly label = "a tensor";
  readonly storage: TorchStorage;
  readonly shape: Shape;
  readonly #offset: number;
  readonly #strides: readonly number[];

  /** @throws {CheckpointError} if the view reaches beyond its storage. */
  constructor(
    storage: TorchStorage,
    offset: number,
    shape: Shape,
    strides: readonly number[],
    where: string,
  ) {
    super();
    this.storage = storage;
    this.shape = shape;
    this.#offset = offset;
    this.#strides = strides;
    const size = sizeOf(shape);
    const last = shape.reduce((at, n, axis) => at + (n - 1) * strides[axis]!, offset);
    if (size > 0 && !(last < storage.length && size <= Math.max(storage.length, mostRepeated))) {
      throw new CheckpointError(
        `${where}: expected views within their storages, got shape [${shape}] with strides [${strides}] from ${offset} on, of ${storage.length} numbers; the file is damaged`,
      );
    }
  }

  /** Its numbers in row-major order, out of the bytes of its storage. */
  read(bytes: Uint8Array): NDArray<Float64Array> {
    const { at, size } = this.storage.type;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { shape } = this;
    const data = new Float64Array(sizeOf(shape));
    const index = shape.map(() => 0);
    let position = this.#offset;
    for (let i = 0; i < data.length; i++) {
      data[i] = at(view, position * size);
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        position += this.#strides[axis]!;
        if (++index[axis]! < shape[axis]!) break;
        position -= shape[axis]! * this.#strides[axis]!;
        index[axis] = 0;
      }
    }
    return { shape, data };
  }
}
