import { expectKind } from "../../border/kinds.js";
import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { expectOptions } from "../../border/options.js";
import { ShapeError, UsageError } from "../../errors.js";
import { sizeOf, type Shape } from "../../tree.js";
import type { NpyData } from "../readers/npy-types.js";
import type { Column, Table } from "../table.js";

/** Numbers as they are written. */
export type OutputNumbers = Exclude<NpyData, string[]> | BigInt64Array;

/** An array to write, whose values may come in parts. */
export interface OutputArray {
  readonly name: string;
  readonly shape: Shape;
  /** NumPy's name of the type, such as `<f8`. */
  readonly descr: string;
  /** The values' bytes in row-major order. */
  parts(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * An array in memory, to write.
 * @throws {ShapeError} if it hasn't as many values as its shape says.
 */
export function outputArray(name: string, shape: Shape, data: OutputNumbers): OutputArray {
  expectKind(shape, "list", "outputArray");
  expectKind(data, "list", "outputArray");
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `outputArray: expected ${sizeOf(shape)} values of ${name} for shape [${shape}], got ${data.length}; give them all`,
      { name },
    );
  }
  return { name, shape, descr: descrOf(data), parts: () => [bytesOf(data)] };
}

function descrOf(data: OutputNumbers): string {
  const size = data.BYTES_PER_ELEMENT;
  const order = size === 1 ? "|" : isLittle ? "<" : ">";
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  const isUnsigned = data.constructor.name.startsWith("Uint");
  return `${order}${isFloat ? "f" : isUnsigned ? "u" : "i"}${size}`;
}

function bytesOf({ buffer, byteOffset, byteLength }: OutputNumbers): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * The columns of a table as arrays `[rows]` of their names: whole numbers without missing cells as
 * `<i8`, other numbers as `<f8`, booleans as `|b1`, dates as `<M8[ms]`, text as `<U`.
 */
export function tableArrays(table: Table): OutputArray[] {
  expectKind(table, "table", "tableArrays");
  const { columns, rows } = table;
  return columns.map((column) => columnArray(column, rows));
}

function columnArray(column: Column, rows: number): OutputArray {
  const { name } = column;
  const of = (descr: string, data: OutputNumbers): OutputArray => ({
    name,
    shape: [rows],
    descr,
    parts: () => [bytesOf(data)],
  });
  const order = isLittle ? "<" : ">";
  if (column.kind === "text") {
    const points = column.dictionary.map((text) => Array.from(text, (one) => one.codePointAt(0)!));
    const width = points.reduce((most, { length }) => Math.max(most, length), 1);
    const data = new Uint32Array(rows * width);
    column.codes.forEach((code, row) => {
      data.set(points[code] ?? [], row * width);
    });
    return of(`${order}U${width}`, data);
  }
  const { values } = column;
  if (column.kind === "date") {
    const notATime = -(2n ** 63n);
    const times = BigInt64Array.from(values, (value) =>
      Number.isNaN(value) ? notATime : BigInt(Math.floor(value)),
    );
    return of(`${order}M8[ms]`, times);
  }
  if (column.kind === "boolean" && !values.some(Number.isNaN)) {
    return of("|b1", Uint8Array.from(values));
  }
  const isWhole = values.every((value) => Number.isSafeInteger(value) && !Object.is(value, -0));
  return isWhole ? of(`${order}i8`, BigInt64Array.from(values, BigInt)) : of(`${order}f8`, values);
}

/**
 * An array as an `.npy` file.
 * @throws {ShapeError} if its parts hold more or fewer values than its shape says.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export async function* npyBytes(array: OutputArray): AsyncGenerator<Uint8Array> {
  expectKind(array, "output array", "npyBytes");
  const { name, shape, descr } = array;
  yield headerBytes(array);
  let size = 0;
  for await (const part of array.parts()) {
    size += part.length;
    yield part;
  }
  if (size === sizeOf(shape) * itemSize(descr)) return;
  throw new ShapeError(
    `npyBytes: expected ${sizeOf(shape) * itemSize(descr)} bytes of ${name} for shape [${shape}] of ${descr}, got ${size}; give as many as announced`,
    { name },
  );
}

function itemSize(descr: string): number {
  const [, letter, digits] = /^.(.)(\d+)/.exec(descr)!;
  return Number(digits) * (letter === "U" ? 4 : 1);
}

function headerBytes({ shape, descr }: OutputArray): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // Values begin at a multiple of 64 bytes.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 11)}\n`), 10);
  return bytes;
}

export interface WriteNpzOptions {
  /** Whether to deflate the arrays; false unless given. */
  readonly compress?: boolean;
}

/** Zip's 32-bit sizes end here. */
const maxSize = 2 ** 32 - 1;

/**
 * Arrays as an `.npz` file, piece by piece; equal arrays give equal bytes.
 *
 * @throws {UsageError} if there are 4 GiB or more, or two arrays of one name.
 * @throws {ShapeError} if an array's parts hold more or fewer values than its shape says.
 */
export async function* npzBytes(
  arrays: readonly OutputArray[],
  options: WriteNpzOptions = {},
): AsyncGenerator<Uint8Array> {
  expectOptions(options, ["compress"], "npzBytes");
  expectKind(arrays, "list", "npzBytes");
  for (const array of arrays) expectKind(array, "output array", "npzBytes");
  const size = arrays.reduce((sum, { shape, descr }) => sum + sizeOf(shape) * itemSize(descr), 0);
  const twice = arrays.find(({ name }, at) => arrays.findIndex((one) => one.name === name) < at);
  if (size > maxSize || twice) {
    throw new UsageError(
      `npzBytes: expected arrays of different names and less than 4 GiB in all, got ${twice ? `"${twice.name}" twice` : `${size} bytes`}; ${twice ? "rename one" : "write CSV, or several files"}`,
    );
  }
  const ready: Uint8Array[] = [];
  let failed: Error | undefined;
  const zip = new Zip((error, bytes) => {
    if (error) failed = error;
    else ready.push(bytes);
  });
  function* drained(): Generator<Uint8Array> {
    if (failed) throw failed;
    yield* ready.splice(0);
  }
  for (const array of arrays) {
    const name = `${array.name}.npy`;
    const file = options.compress ? new ZipDeflate(name, { level: 6 }) : new ZipPassThrough(name);
    file.mtime = new Date(1980, 0, 1);
    zip.add(file);
    for await (const part of npyBytes(array)) {
      // A copy: the archive may be read after the array has changed.
      file.push(part.slice());
      yield* drained();
    }
    file.push(new Uint8Array(0), true);
    yield* drained();
  }
  zip.end();
  yield* drained();
}
