import { DataError } from "../../errors.js";
import { sizeOf, type Shape } from "../../tree.js";
import { npyType, type NpyData, type NpyType } from "./npy-types.js";

/** An array of a NumPy file, in row-major order. */
export interface NpyArray {
  readonly shape: Shape;
  /** As NumPy calls it, such as `<f8`. */
  readonly descr: string;
  /** 8-byte whole numbers as float64, 2-byte floats as float32, dates in milliseconds since 1970. */
  readonly data: NpyData;
}

/** What stands before an array's values. */
export interface NpyHeader {
  readonly shape: Shape;
  readonly descr: string;
  readonly type: NpyType;
  /** Whether the first axis varies fastest. */
  readonly fortran: boolean;
  /** Bytes before the values. */
  readonly offset: number;
}

/** Bytes from which a header can be read; it may need more, see {@link npyHeaderSize}. */
export const npyPrelude = 12;

/** No header is longer; one that says so is damaged. */
const maxHeader = 1 << 20;

/**
 * Bytes of the header that begins so.
 * @throws {DataError} if these aren't the first bytes of a NumPy file, or it says that it is too long.
 */
export function npyHeaderSize(name: string, bytes: Uint8Array): number {
  const magic = [0x93, ...new TextEncoder().encode("NUMPY")];
  if (bytes.length < npyPrelude || !magic.every((byte, at) => bytes[at] === byte)) {
    throw new DataError(`${name}: expected a NumPy array, got other bytes; check the file`, {
      name,
    });
  }
  const version = bytes[6]!;
  if (version < 1 || version > 3) {
    throw new DataError(
      `${name}: expected version 1, 2 or 3 of the NumPy format, got ${version}; save it again`,
      { name },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, npyPrelude);
  const size = version === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  if (size > maxHeader) throw badHeader(name, `one of ${size} bytes`);
  return size;
}

function badHeader(name: string, got: string): DataError {
  return new DataError(
    `${name}: expected a NumPy header with descr, fortran_order and shape, got ${got}; save the array again`,
    { name },
  );
}

/**
 * Reads an array's header.
 *
 * @throws {DataError} if it's damaged, or of a type that can't be read.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function npyHeader(name: string, bytes: Uint8Array): NpyHeader {
  const offset = npyHeaderSize(name, bytes);
  if (offset > bytes.length) throw badHeader(name, "a file that ends within it");
  const text = new TextDecoder().decode(bytes.subarray(bytes[6] === 1 ? 10 : 12, offset));
  const descr = /'descr':\s*(?:'([^']*)'|(\[))/.exec(text);
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d,\sL]*)\)/.exec(text)?.[1];
  if (!descr || fortran === undefined || sizes === undefined) {
    throw badHeader(name, JSON.stringify(text.slice(0, 80)));
  }
  const shape = [...sizes.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  const type = npyType(name, descr[2] === undefined ? descr[1]! : "|V0");
  if (!Number.isSafeInteger(sizeOf(shape) * type.size)) throw badHeader(name, `shape [${shape}]`);
  return { shape, descr: descr[1] ?? "", type, fortran: fortran === "True", offset };
}

/**
 * Reads an array from the bytes of an `.npy` file.
 *
 * @param name what errors call it
 * @throws {DataError} if it's truncated, too long, damaged, or of a type that can't be read.
 */
export function parseNpy(name: string, bytes: Uint8Array): NpyArray {
  const header = npyHeader(name, bytes);
  const { shape, descr, type, fortran, offset } = header;
  expectLength(name, header, bytes.length);
  const data = type.read(bytes.subarray(offset));
  return { shape, descr, data: fortran && shape.length > 1 ? rowMajor(data, shape) : data };
}

/** @throws {DataError} if a file of `bytes` bytes isn't as long as its header says. */
export function expectLength(
  name: string,
  { shape, type, offset }: NpyHeader,
  bytes: number,
): void {
  const size = sizeOf(shape) * type.size;
  if (bytes === offset + size) return;
  throw new DataError(
    `${name}: expected ${size} bytes for an array of shape [${shape}], got ${bytes - offset}; the file is ${bytes - offset < size ? "truncated" : "too long"}: save it again`,
    { name },
  );
}

/** The index of the first whole number of 8 bytes that float64 may have rounded, or −1. */
export function firstRounded({ descr, data }: Pick<NpyArray, "descr" | "data">): number {
  if (!/[iu]8$/.test(descr) || !(data instanceof Float64Array)) return -1;
  return data.findIndex((value) => !Number.isSafeInteger(value));
}

function rowMajor(data: NpyData, shape: Shape): NpyData {
  const steps = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const places = new Float64Array(data.length);
  const index = shape.map(() => 0);
  let from = 0;
  for (let at = 0; at < places.length; at++) {
    places[at] = from;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += steps[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  if (Array.isArray(data)) return Array.from(places, (place) => data[place]!);
  const moved = data.slice();
  for (let at = 0; at < places.length; at++) moved[at] = data[places[at]!]!;
  return moved;
}
