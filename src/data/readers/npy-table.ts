import { closable } from "../../closable.js";
import { sizeOf } from "../../tree.js";
import { defaultChunkRows, type TableOptions, type TableReader } from "../table.js";
import { arrayReader, expectRows, rowsOf, type ArrayRows } from "./array-table.js";
import { unzipped } from "./gunzip.js";
import { lookAhead, type LookAhead } from "./look-ahead.js";
import {
  expectLength,
  npyHeader,
  npyHeaderSize,
  npyPrelude,
  parseNpy,
  type NpyArray,
  type NpyHeader,
} from "./npy.js";
import { defaultMaxBytes, joinBytes, readBytes, tooLarge, type ByteSource } from "./source.js";
import { expectTableOptions } from "./table-options.js";

export interface NpyOptions extends TableOptions {
  /** Most bytes of an array that can't be read row by row; 2 GiB unless given. */
  readonly maxBytes?: number;
}

/**
 * An array of an `.npy` file, gzipped or not, of any shape.
 *
 * @param maxBytes most bytes to take; 2 GiB unless given
 * @throws {DataError} if it's truncated, too long, damaged, or of a type that can't be read.
 */
export async function readNpy(source: ByteSource, maxBytes = defaultMaxBytes): Promise<NpyArray> {
  const plain = await unzipped(source);
  return parseNpy(plain.name, await readBytes(plain, maxBytes));
}

/**
 * Opens an `.npy` file, gzipped or not, of shape `[rows]` or `[rows, columns]` as a table whose
 * columns are `column 1`, `column 2`, ... Arrays in C order are read row by row; those in Fortran
 * order, whose rows are scattered over the file, as a whole.
 *
 * @throws {DataError} if the array has another shape, is truncated, damaged, or of a type that
 * can't be read.
 */
export async function openNpy(source: ByteSource, options: NpyOptions = {}): Promise<TableReader> {
  expectTableOptions(options, ["maxBytes"], "openNpy");
  const { maxBytes = defaultMaxBytes, chunkRows = defaultChunkRows } = options;
  const plain = await unzipped(source);
  const { name } = plain;
  const bytes = await lookAhead(plain.stream(), (parts) => hasHeader(name, parts));
  try {
    const header = npyHeader(name, joinBytes(bytes.items));
    const { shape, descr, type, fortran } = header;
    const arrays = [{ name: "", shape, descr, type }];
    const rows = expectRows(name, arrays);
    if (plain.size !== undefined) expectLength(name, header, plain.size);
    const summary = [`NumPy array [${shape}] of ${descr} in ${fortran ? "Fortran" : "C"} order.`];
    const close = closable(bytes.close);
    if (rowBytes(header) > maxBytes) throw tooLarge(name, maxBytes);
    if (!fortran || shape.length === 1) {
      const read = () => streamedRows(name, bytes, header, chunkRows);
      return arrayReader(name, arrays, summary, read, options, close);
    }
    const whole: ByteSource = { name, stream: () => bytes.all() };
    const read = async function* () {
      const array = parseNpy(name, await readBytes(whole, maxBytes));
      yield* rowsOf([array], rows, chunkRows);
    };
    return arrayReader(name, arrays, summary, read, options, close);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

function hasHeader(name: string, parts: readonly Uint8Array[]): boolean {
  const bytes = joinBytes(parts);
  return bytes.length >= npyPrelude && bytes.length >= npyHeaderSize(name, bytes);
}

/** Most bytes of a chunk, whatever its rows. */
const chunkBytes = 1 << 26;

async function* streamedRows(
  name: string,
  bytes: LookAhead<Uint8Array>,
  header: NpyHeader,
  chunkRows: number,
): AsyncGenerator<ArrayRows> {
  const { shape, type, offset } = header;
  const width = rowBytes(header);
  const rows = width === 0 ? 0 : shape[0]!;
  const most = Math.max(1, Math.min(chunkRows, Math.floor(chunkBytes / width)));
  let waiting: Uint8Array[] = [];
  let size = 0;
  let skip = offset;
  let start = 0;
  let read = 0;
  for await (const part of bytes.all()) {
    read += part.length;
    const fresh = part.subarray(Math.min(skip, part.length));
    skip -= part.length - fresh.length;
    waiting.push(fresh);
    size += fresh.length;
    if (start === rows && size > 0) break;
    if (size < Math.min(most, rows - start) * width) continue;
    const whole = joinBytes(waiting);
    let at = 0;
    while (start < rows) {
      const count = Math.min(most, rows - start);
      const end = at + count * width;
      if (end > size) break;
      yield { start, rows: count, values: [type.read(whole.subarray(at, end))] };
      start += count;
      at = end;
    }
    [waiting, size] = [[whole.slice(at)], size - at];
  }
  expectLength(name, header, read);
}

function rowBytes({ shape, type }: NpyHeader): number {
  return sizeOf(shape.slice(1)) * type.size;
}
