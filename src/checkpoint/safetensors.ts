import { expectKind } from "../border/kinds.js";
import { CheckpointError, ShapeError } from "../errors.js";
import { fromBrain, fromHalf, toHalf } from "../half.js";
import { type Bytes, sizeOf, type Arrays, type NDArray, type Shape } from "../tree.js";
import { isJsonObject, parseJsonObject, type JsonObject, type JsonValue } from "../json.js";

/** What a safetensors file holds. */
export interface Safetensors {
  readonly arrays: Arrays;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The header's account of one array: bytes `begin` to `end` of the data. */
interface Entry {
  readonly name: string;
  readonly type: NumberType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;

/** How an array's numbers stand in a file. */
interface NumberType {
  /** Bytes of each. */
  readonly size: number;
  readonly at: (view: DataView, byte: number) => number;
}

/** By the format's names of them. */
const types: Readonly<Record<string, NumberType>> = {
  F32: { size: 4, at: (view, byte) => view.getFloat32(byte, true) },
  F16: { size: 2, at: (view, byte) => fromHalf(view.getUint16(byte, true)) },
  BF16: { size: 2, at: (view, byte) => fromBrain(view.getUint16(byte, true)) },
};

/** The least finite number that is nearer to infinity in 16 bits. */
const beyondHalf = 65_520;

/** How many bits numbers are written with. */
export type FloatBits = 16 | 32;
const SPACE = 0x20;

/**
 * Writes float32 arrays in the safetensors format: the header's length (uint64), a JSON header
 * padded with spaces to 8 bytes, then the arrays' numbers; all little-endian, as is every machine
 * that runs JavaScript with ONNX Runtime. Arrays and metadata are sorted by name, so equal
 * contents give equal bytes.
 *
 * @param bits 16 rounds each number to the nearest of IEEE 754's binary16, see {@link toHalfArrays}
 * @throws {ShapeError} if an array's count of numbers isn't its shape's size.
 * @throws {CheckpointError} if an array has the format's reserved name, `__metadata__`, or a number
 * that 16 bits can't hold.
 * @see https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors(
  arrays: Arrays,
  metadata: Readonly<Record<string, string>>,
  bits: FloatBits = 32,
): Bytes {
  const sorted = sortedEntries(arrays);
  const { size } = types[`F${bits}`]!;
  let dataLength = 0;
  const entries = sorted.map(([name, { shape, data }]) => {
    if (name === METADATA) {
      throw new CheckpointError(
        `encodeSafetensors: expected names of arrays, got "${METADATA}", which the format reserves; rename the array`,
      );
    }
    if (data.length !== sizeOf(shape)) {
      throw new ShapeError(
        `encodeSafetensors: expected ${sizeOf(shape)} numbers in "${name}" of shape [${shape}], got ${data.length}`,
      );
    }
    const begin = dataLength;
    dataLength += size * data.length;
    return [name, { dtype: `F${bits}`, shape, data_offsets: [begin, dataLength] }] as const;
  });
  const header = Object.fromEntries<unknown>([
    [METADATA, Object.fromEntries(sortedEntries(metadata))],
    ...entries,
  ]);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;

  const bytes = new Uint8Array(LENGTH_BYTES + headerLength + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(SPACE, LENGTH_BYTES, LENGTH_BYTES + headerLength);
  bytes.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerLength;
  for (const [name, array] of sorted) {
    const data = bits === 16 ? halves(name, array) : array.data;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** An array's numbers in 16 bits. */
function halves(name: string, { data }: NDArray): Uint16Array {
  const bad = data.findIndex((value) => Math.abs(value) >= beyondHalf && Number.isFinite(value));
  if (bad < 0) return Uint16Array.from(data, toHalf);
  throw new CheckpointError(
    `encodeSafetensors: expected numbers up to 65,504 in "${name}", the most that 16 bits hold, got ${data[bad]}; write 32 bits`,
    { name },
  );
}

/** Arrays whose numbers are rounded to those of 16 bits, as reading them back gives. */
export function toHalfArrays(arrays: Arrays): Arrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [
      name,
      { shape: array.shape, data: Float32Array.from(halves(name, array), fromHalf) },
    ]),
  );
}

/**
 * Reads a safetensors file of float32, float16 or bfloat16 arrays as float32. The whole header is checked before any array is
 * allocated, and the arrays together are never larger than twice the file.
 *
 * @param where names the file in errors.
 * @throws {CheckpointError} if the file is truncated, malformed, of another format, or holds
 * other numbers.
 */
export function decodeSafetensors(bytes: Uint8Array, where = "decodeSafetensors"): Safetensors {
  expectKind(bytes, "bytes", where);
  if (bytes.length < LENGTH_BYTES) {
    throw damaged(where, "a safetensors file", `${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getBigUint64(0, true);
  const available = bytes.length - LENGTH_BYTES;
  if (headerLength > available) {
    throw damaged(where, `a header of ${headerLength.toString()} bytes`, `${available} bytes`);
  }
  const dataStart = LENGTH_BYTES + Number(headerLength);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart));
  if (header === undefined) throw damaged(where, "a JSON header", "something else");

  const { [METADATA]: metadata = {}, ...described } = header;
  if (!isStringMap(metadata)) {
    throw damaged(where, `${METADATA} to map strings to strings`, describe(metadata));
  }
  const entries = Object.entries(described).map(([name, value]) => readEntry(name, value, where));
  expectContiguous(entries, bytes.length - dataStart, where);

  const arrays = entries.map(({ name, type: { size, at }, shape, begin, end }) => {
    const data = new Float32Array((end - begin) / size);
    const start = dataStart + begin;
    // A copy of the bytes is faster, and keeps those of NaN.
    if (size === 4) new Uint8Array(data.buffer).set(bytes.subarray(start, dataStart + end));
    else for (let i = 0; i < data.length; i++) data[i] = at(view, start + size * i);
    return [name, { shape, data }] as const;
  });
  return { arrays: Object.fromEntries(arrays), metadata };
}

function parseHeader(bytes: Uint8Array): JsonObject | undefined {
  try {
    return parseJsonObject(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function readEntry(name: string, value: JsonValue, where: string): Entry {
  const { dtype, shape, data_offsets: offsets } = isJsonObject(value) ? value : {};
  const type = typeof dtype === "string" && Object.hasOwn(types, dtype) ? types[dtype] : undefined;
  if (!type) {
    throw new CheckpointError(
      `${where}: expected numbers of dtype ${Object.keys(types).join(", ")} in "${name}", got ${describe(dtype)}; convert the file to float32`,
    );
  }
  if (!isCounts(shape)) {
    throw damaged(where, `a shape for "${name}"`, describe(shape));
  }
  const [begin, end] = isCounts(offsets) && offsets.length === 2 ? offsets : [];
  if (begin === undefined || end === undefined) {
    throw damaged(where, `data_offsets [begin, end] for "${name}"`, describe(offsets));
  }
  const length = type.size * sizeOf(shape);
  if (end - begin !== length) {
    throw damaged(where, `${length} bytes in "${name}" of shape [${shape}]`, `${end - begin}`);
  }
  return { name, type, shape, begin, end };
}

/** The format allows no overlap, no gap and no byte after the last array. */
function expectContiguous(entries: readonly Entry[], dataLength: number, where: string): void {
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      throw damaged(where, `"${entry.name}" to begin at byte ${end} of the data`, `${entry.begin}`);
    }
    end = entry.end;
  }
  if (end !== dataLength) throw damaged(where, `${end} bytes of data`, `${dataLength}`);
}

function isCounts(value: JsonValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function isStringMap(value: JsonValue): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && Object.values(value).every((item) => typeof item === "string");
}

function sortedEntries<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function describe(value: JsonValue | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 80);
}

function damaged(where: string, expected: string, got: string): CheckpointError {
  return new CheckpointError(
    `${where}: expected ${expected}, got ${got}; the file is truncated, damaged or no safetensors file: copy it again or use another`,
  );
}
