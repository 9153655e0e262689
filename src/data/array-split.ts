import { DataError } from "../errors.js";
import { sizeOf, type NumberArray } from "../tree.js";
import type { Rows, Split, SplitName } from "./data-set.js";

/**
 * A split of rows in memory: all of them, or those at these places. Nothing is copied before it is
 * taken.
 */
export function tableSplit(name: SplitName, table: Rows, places?: Uint32Array): Split {
  const count = places ? places.length : table.x.shape[0]!;
  return {
    name,
    count,
    take: (indices) => {
      expectIndices(indices, count, name);
      const at = places ? Uint32Array.from(indices, (i) => places[i]!) : indices;
      const { x, labels, condition, weights } = table;
      return {
        x: takeNumbers(x, at),
        ...(labels && { labels: Int32Array.from(at, (i) => labels[i]!) }),
        ...(condition && { condition: takeNumbers(condition, at) }),
        ...(weights && { weights: Float32Array.from(at, (i) => weights[i]!) }),
      };
    },
  };
}

/** The rows at these indices, in this order; typed arrays keep their type. */
export function takeNumbers({ shape, data }: NumberArray, indices: ArrayLike<number>): NumberArray {
  const event = shape.slice(1);
  const size = sizeOf(event);
  const taken = { shape: [indices.length, ...event], data: emptyLike(data, indices.length * size) };
  for (let at = 0; at < indices.length; at++) {
    const start = indices[at]! * size;
    for (let i = 0; i < size; i++) taken.data[at * size + i] = data[start + i]!;
  }
  return taken;
}

/** The typed arrays that hold numbers. */
type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

const typedArrays = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
] as const;

/** Zeros of the same type as a typed array; float64 for others. */
function emptyLike(data: ArrayLike<number>, length: number): TypedArray {
  const TypeOf = typedArrays.find((type) => data instanceof type) ?? Float64Array;
  return new TypeOf(length);
}

function expectIndices(indices: ArrayLike<number>, count: number, split: SplitName): void {
  if (indices.length === 0) {
    throw new DataError(`Split.take: expected at least one row of ${split}, got no indices`);
  }
  for (const index of Array.from(indices)) {
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw new DataError(
      `Split.take: expected indices of ${split} from 0 to ${count - 1}, got ${index}; choose other rows`,
    );
  }
}
