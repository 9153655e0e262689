import { DataError } from "../../errors.js";
import { fromHalf } from "../../half.js";
import type { ColumnKind } from "../table.js";
import { millisecondsOf } from "./cells.js";

/** Values of an array as they come out of a NumPy file. */
export type NpyData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | string[];

/** How the values of a type are read. */
export interface NpyType {
  readonly kind: ColumnKind;
  /** Bytes of a value. */
  readonly size: number;
  read(bytes: Uint8Array): NpyData;
}

type Getter = (view: DataView, at: number, little: boolean) => number;
type NumberData = Exclude<NpyData, string[]>;

const plain: Readonly<Record<string, readonly [make: (n: number) => NumberData, get: Getter]>> = {
  b1: [(n) => new Uint8Array(n), (view, at) => (view.getUint8(at) === 0 ? 0 : 1)],
  i1: [(n) => new Int8Array(n), (view, at) => view.getInt8(at)],
  u1: [(n) => new Uint8Array(n), (view, at) => view.getUint8(at)],
  i2: [(n) => new Int16Array(n), (view, at, little) => view.getInt16(at, little)],
  u2: [(n) => new Uint16Array(n), (view, at, little) => view.getUint16(at, little)],
  i4: [(n) => new Int32Array(n), (view, at, little) => view.getInt32(at, little)],
  u4: [(n) => new Uint32Array(n), (view, at, little) => view.getUint32(at, little)],
  i8: [(n) => new Float64Array(n), (view, at, little) => Number(view.getBigInt64(at, little))],
  u8: [(n) => new Float64Array(n), (view, at, little) => Number(view.getBigUint64(at, little))],
  f2: [(n) => new Float32Array(n), (view, at, little) => fromHalf(view.getUint16(at, little))],
  f4: [(n) => new Float32Array(n), (view, at, little) => view.getFloat32(at, little)],
  f8: [(n) => new Float64Array(n), (view, at, little) => view.getFloat64(at, little)],
};

/** Nanoseconds of the units of NumPy's dates. */
const dateUnits: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  D: 86_400_000_000_000n,
  W: 604_800_000_000_000n,
};

/** What can't be read, by the letter of the type, and what to do. */
const refused: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  O: ["Python objects, whose reading would run code", "save numbers: array.astype(float)"],
  c: ["complex numbers", "save real and imaginary parts as two columns"],
  V: ["structured values", "save each field as an array of its own"],
  m: ["time differences", "save them as numbers"],
};

/**
 * How values of a NumPy type such as `<f8` are read: all whole numbers, floats of 2, 4 and 8 bytes,
 * booleans, dates and text. Whole numbers of 8 bytes are rounded to float64.
 *
 * @throws {DataError} for objects, structures, complex numbers and other types.
 * @see https://numpy.org/doc/stable/reference/arrays.interface.html
 */
export function npyType(name: string, descr: string): NpyType {
  const match = /^([<>|=])([a-zA-Z])(\d*)(?:\[(\d*)([a-zA-Z]+)\])?$/.exec(descr);
  const [, order = "", letter = "", digits = "", count, unit] = match ?? [];
  const little = order !== ">";
  const size = Number(digits);
  const found = plain[letter + digits];
  if (found) return numbers(found, size, little, letter === "b" ? "boolean" : "number");
  const scale = dateUnits[unit ?? ""];
  if (letter === "M" && size === 8 && scale !== undefined) {
    const step = scale * BigInt(count === undefined || count === "" ? 1 : count);
    const get: Getter = (view, at) => {
      const value = view.getBigInt64(at, little);
      return value === notATime ? NaN : millisecondsOf(value * step);
    };
    return numbers([(n) => new Float64Array(n), get], 8, little, "date");
  }
  if (letter === "U" && size > 0) return texts(4 * size, (bytes) => utf32(bytes, little));
  if (letter === "S" && size > 0) return texts(size, (bytes) => utf8.decode(bytes));
  const [what, remedy] = refused[letter] ?? [
    `values of type ${JSON.stringify(descr)}`,
    "save them as float64: array.astype(float)",
  ];
  throw new DataError(`${name}: expected numbers, text or dates, got ${what}; ${remedy}`, { name });
}

const notATime = -(2n ** 63n);
const utf8 = new TextDecoder();

function numbers(
  [make, get]: readonly [(n: number) => NumberData, Getter],
  size: number,
  little: boolean,
  kind: ColumnKind,
): NpyType {
  return {
    kind,
    size,
    read: (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const values = make(bytes.length / size);
      for (let i = 0; i < values.length; i++) values[i] = get(view, i * size, little);
      return values;
    },
  };
}

/** Texts of a fixed size, filled up with zeros. */
function texts(size: number, decode: (bytes: Uint8Array) => string): NpyType {
  return {
    kind: "text",
    size,
    read: (bytes) =>
      Array.from({ length: bytes.length / size }, (_, i) =>
        decode(bytes.subarray(i * size, (i + 1) * size)).replace(/\0+$/, ""),
      ),
  };
}

function utf32(bytes: Uint8Array, little: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const point = view.getUint32(at, little);
    text += point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point);
  }
  return text;
}
