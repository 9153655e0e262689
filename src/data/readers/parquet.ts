import type { ColumnMetaData, Compressors, FileMetaData, RowGroup } from "hyparquet";
import { closable } from "../../closable.js";
import { DataError, IresnetError } from "../../errors.js";
import {
  codeOf,
  defaultChunkRows,
  type Column,
  type ColumnHead,
  type Table,
  type TableOptions,
  type TableReader,
} from "../table.js";
import { unzipped } from "./gunzip.js";
import { once } from "./look-ahead.js";
import { expectPages, type ColumnChunk } from "./parquet-pages.js";
import { parquetColumns, parquetParsers, type ParquetColumn } from "./parquet-types.js";
import { typedHeads } from "./records.js";
import { anywhere, defaultMaxBytes, type ByteSource } from "./source.js";
import { expectTableOptions } from "./table-options.js";

export interface ParquetOptions extends TableOptions {
  /** Names of the columns to read, in this order; all unless given. */
  readonly columns?: readonly string[];
  /** Most bytes of a page, or of a file that comes as a stream; 2 GiB unless given. */
  readonly maxBytes?: number;
}

/** Most values of a row group: writers make groups of about a million rows. */
const maxGroupValues = 2 ** 28;

/**
 * Opens a Parquet file of flat columns: numbers, decimals, booleans, dates, times and text, of any
 * encoding, compressed by Snappy, gzip, Brotli, LZ4 or Zstandard. One row group is in memory at a
 * time. Its pages are gone through before the library reads them (see `expectPages`), so that a
 * damaged length is an error and takes no memory.
 *
 * @throws {DataError} if the file is truncated or damaged, or holds nested columns.
 * @throws {UsageError} if there is no such option or column.
 * @see https://parquet.apache.org/docs/file-format/
 */
export async function openParquet(
  source: ByteSource,
  options: ParquetOptions = {},
): Promise<TableReader> {
  expectTableOptions(options, ["columns", "maxBytes"], "openParquet");
  const { maxBytes = defaultMaxBytes, chunkRows = defaultChunkRows } = options;
  const plain = await unzipped(source);
  const { name } = plain;
  const file = bufferOf(await anywhere(plain, maxBytes));
  const library = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const decompressors = bounded(compressors, name, maxBytes);
  const { metadata, found } = await orDataError(name, async () => {
    const footer = await library.parquetMetadataAsync(file);
    const read = parquetColumns(name, footer, options.columns);
    expectGroups(name, footer, read.length);
    return { metadata: footer, found: read };
  });
  const names = found.map((column) => column.name);
  const columns = typedHeads(name, found, "file", options.kinds);
  const chunks = once(name, async function* (): AsyncGenerator<Table> {
    const warned = new Set<string>();
    let start = 0;
    for (const rowGroup of metadata.row_groups) {
      const rows = Number(rowGroup.num_rows);
      await orDataError(name, async () => {
        for (const one of chunksOf(rowGroup, found)) {
          expectPages({ ...one, bytes: await bytesOf(one.meta, file) }, decompressors);
        }
      });
      const group = columns.map((head) => new ColumnFill(head, rows));
      await orDataError(name, () =>
        library.parquetRead({
          file,
          metadata,
          columns: names,
          rowStart: start,
          rowEnd: start + rows,
          compressors: decompressors,
          parsers: parquetParsers,
          onChunk: ({ columnName, columnData, rowStart }) => {
            group[names.indexOf(columnName)]?.put(columnData, rowStart - start);
          },
        }),
      );
      for (const column of group) column.expectWhole(name, start);
      const warnings = group.flatMap((column) => column.warnings(name, start, warned));
      for (let from = 0; from < rows; from += chunkRows) {
        const count = Math.min(chunkRows, rows - from);
        yield {
          name,
          rows: count,
          columns: group.map((column) => column.slice(from, from + count)),
          lines: new Float64Array(count).map((_, row) => start + from + row + 1),
          problems: [],
          warnings: from === 0 ? warnings : [],
        };
      }
      start += rows;
    }
  });
  const by = metadata.created_by === undefined ? "" : ` by ${metadata.created_by}`;
  const summary = [`Parquet of ${metadata.num_rows.toString()} rows${by}.`];
  return { name, columns, summary, chunks, ...closable(() => Promise.resolve()) };
}

function bufferOf({ size, slice }: Required<ByteSource>): {
  byteLength: number;
  slice: (start: number, end?: number) => Promise<ArrayBuffer>;
} {
  return {
    byteLength: size,
    slice: async (start, end = size) => Uint8Array.from(await slice(start, end)).buffer,
  };
}

/** The chunks of these columns in a row group, but for their bytes. */
function chunksOf(
  { columns, num_rows }: RowGroup,
  chosen: readonly ParquetColumn[],
): (Omit<ColumnChunk, "bytes"> & { readonly meta: ColumnMetaData })[] {
  const metas = new Map(
    columns.flatMap(({ meta_data: meta }) =>
      meta?.path_in_schema.length === 1 ? [[meta.path_in_schema[0]!, meta] as const] : [],
    ),
  );
  return chosen.map(({ name, element: { type, repetition_type } }) => {
    const meta = metas.get(name);
    if (!meta) throw new Error(`no column "${name}" in a row group`);
    return {
      meta,
      codec: meta.codec,
      rows: Number(num_rows),
      isOptional: repetition_type === "OPTIONAL",
      isBoolean: type === "BOOLEAN",
    };
  });
}

async function bytesOf(
  { dictionary_page_offset, data_page_offset, total_compressed_size }: ColumnMetaData,
  file: ReturnType<typeof bufferOf>,
): Promise<Uint8Array> {
  const hasDictionary = (dictionary_page_offset ?? 0n) > 0n;
  const start = Number(hasDictionary ? dictionary_page_offset : data_page_offset);
  const end = start + Number(total_compressed_size);
  if (start >= 0 && end >= start && end <= file.byteLength) {
    return new Uint8Array(await file.slice(start, end));
  }
  throw new Error(`a column from byte ${start} to ${end} of ${file.byteLength}`);
}

async function orDataError<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof IresnetError) throw error;
    throw new DataError(
      `${name}: expected a Parquet file, got a truncated or damaged one (${error instanceof Error ? error.message : String(error)}); get the file again`,
      { name, cause: error },
    );
  }
}

function expectGroups(name: string, { row_groups, num_rows }: FileMetaData, columns: number): void {
  const rows = row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
  const most = row_groups.reduce((max, group) => Math.max(max, Number(group.num_rows)), 0);
  const got =
    rows !== num_rows || row_groups.some((group) => group.num_rows < 0n)
      ? `${num_rows.toString()} rows in groups of ${rows.toString()}`
      : most * columns > maxGroupValues
        ? `a group of ${most} rows`
        : undefined;
  if (got === undefined) return;
  throw new DataError(
    `${name}: expected row groups of at most ${maxGroupValues} values that make up the file, got ${got}; write it in smaller row groups`,
    { name },
  );
}

/** Decompressors that refuse pages which say they are larger than `maxBytes`. */
function bounded(compressors: Compressors, name: string, maxBytes: number): Compressors {
  return Object.fromEntries(
    Object.entries(compressors).map(([codec, decompress]) => [
      codec,
      (input: Uint8Array, size: number): Uint8Array => {
        if (size >= 0 && size <= maxBytes) return decompress(input, size);
        throw new DataError(
          `${name}: expected pages of at most ${maxBytes} bytes, got ${size}; raise maxBytes, or get the file again`,
          { name },
        );
      },
    ]),
  );
}

/** A column of a row group, filled page by page. */
class ColumnFill {
  private readonly head: ColumnHead;
  private readonly values: Float64Array;
  private readonly codes: Int32Array;
  private readonly dictionary = new Map<string, number>();
  private texts: readonly string[] | undefined;
  private filled = 0;
  private rounded = -1;

  constructor(head: ColumnHead, rows: number) {
    const isText = head.kind === "text";
    this.head = head;
    this.values = new Float64Array(isText ? 0 : rows);
    this.codes = new Int32Array(isText ? rows : 0);
  }

  put(cells: ArrayLike<unknown>, start: number): void {
    const isText = this.head.kind === "text";
    const end = Math.min(cells.length, (isText ? this.codes : this.values).length - start);
    for (let i = Math.max(0, -start); i < end; i++) {
      const cell = cells[i];
      const isMissing = cell === null || cell === undefined;
      if (isText) this.codes[start + i] = isMissing ? -1 : codeOf(this.dictionary, textOf(cell));
      else {
        const value = isMissing ? NaN : Number(cell);
        this.values[start + i] = value;
        if (typeof cell === "bigint" && this.rounded < 0 && !Number.isSafeInteger(value)) {
          this.rounded = start + i;
        }
      }
      this.filled++;
    }
  }

  expectWhole(name: string, start: number): void {
    const rows = Math.max(this.values.length, this.codes.length);
    if (this.filled === rows) return;
    throw new DataError(
      `${name}: column "${this.head.name}": expected ${rows} rows from row ${start + 1}, got ${this.filled}; the file is damaged: get it again`,
      { name, columns: [this.head.name] },
    );
  }

  warnings(name: string, start: number, warned: Set<string>): string[] {
    if (this.rounded < 0 || warned.has(this.head.name)) return [];
    warned.add(this.head.name);
    return [
      `${name}: row ${start + this.rounded + 1}, column "${this.head.name}": a whole number of 8 bytes has more digits than a number here keeps; if it's a name, save it as text`,
    ];
  }

  slice(from: number, to: number): Column {
    const { name, kind } = this.head;
    if (kind !== "text") return { name, kind, values: this.values.slice(from, to) };
    this.texts ??= [...this.dictionary.keys()];
    return { name, kind, codes: this.codes.slice(from, to), dictionary: this.texts };
  }
}

function textOf(cell: unknown): string {
  return cell instanceof Uint8Array ? new TextDecoder().decode(cell) : String(cell);
}
