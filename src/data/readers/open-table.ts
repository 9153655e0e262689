import { expectKind } from "../../border/kinds.js";
import { expectNew, expectOneOf } from "../../border/options.js";
import { DataError } from "../../errors.js";
import type { TableReader } from "../table.js";
import { openCsv, type CsvOptions } from "./csv.js";
import { peek, unzipped } from "./gunzip.js";
import { openJson, type JsonOptions } from "./json.js";
import { openNpy, type NpyOptions } from "./npy-table.js";
import { openNpz, type NpzOptions } from "./npz.js";
import { openParquet, type ParquetOptions } from "./parquet.js";
import type { ByteSource } from "./source.js";

/** A format of files of rows. */
export interface TableFormat {
  readonly name: string;
  /** Endings of files' names, in lower case and with their dot; `.gz` may follow. */
  readonly endings: readonly string[];
  /** Whether a file without a known ending begins like this format. */
  readonly begins: (head: Uint8Array) => boolean;
  /** Opens a file, which may be gzipped still. */
  readonly open: (source: ByteSource, options: object) => Promise<TableReader>;
}

/** Options of any format; one that the file's format hasn't got is refused. */
export interface OpenTableOptions
  extends CsvOptions, JsonOptions, NpyOptions, NpzOptions, ParquetOptions {
  /** By the file's ending, or else by its first bytes, unless given. */
  readonly format?: string;
}

const startsWith =
  (magic: string) =>
  (head: Uint8Array): boolean =>
    String.fromCharCode(...head.subarray(0, magic.length)) === magic;

/** Known formats; the last that a file could be of is taken, so that CSV comes first. */
const formats: TableFormat[] = [
  {
    name: "csv",
    endings: [".csv", ".tsv", ".tab", ".txt", ".dat", ".data"],
    begins: () => true,
    open: openCsv,
  },
  {
    name: "json",
    endings: [".json", ".jsonl", ".ndjson"],
    begins: (head) => /^(?:\xef\xbb\xbf)?\s*[[{]/.test(String.fromCharCode(...head)),
    open: openJson,
  },
  { name: "npy", endings: [".npy"], begins: startsWith("\x93NUMPY"), open: openNpy },
  { name: "npz", endings: [".npz"], begins: startsWith("PK\x03\x04"), open: openNpz },
  { name: "parquet", endings: [".parquet", ".pq"], begins: startsWith("PAR1"), open: openParquet },
];

function formatNames(): readonly string[] {
  return formats.map(({ name }) => name);
}

/** Makes a format known to {@link openTable}. */
export function registerTableFormat(format: TableFormat): void {
  expectKind(format, "table format", "registerTableFormat");
  expectNew(format.name, formatNames(), "registerTableFormat");
  formats.push(format);
}

/**
 * Opens a file of rows of a known format: CSV and TSV, JSON lines or an array of objects, NPY, NPZ,
 * Parquet, each gzipped or not.
 *
 * @param source such as `bytesSource(name, bytes)`, `blobSource(name, file)`, or in Node
 * `await fileSource(path)`, where `-` is standard input
 * @throws {DataError} naming the place if the file isn't of its format.
 * @throws {UsageError} if there is no such format or option.
 */
export async function openTable(
  source: ByteSource,
  { format, ...options }: OpenTableOptions = {},
): Promise<TableReader> {
  expectKind(source, "source", "openTable");
  if (format !== undefined) {
    const names = formatNames();
    const chosen = names.indexOf(expectOneOf(format, names, "openTable: format"));
    return formats[chosen]!.open(source, options);
  }
  const plain = source.name.toLowerCase().replace(/\.(gz|gzip)$/, "");
  const byName = formats.find(({ endings }) => endings.some((ending) => plain.endsWith(ending)));
  if (byName) return byName.open(source, options);
  const whole = await unzipped(source);
  const { source: rest, head } = await peek(whole, 64);
  if (head.length === 0) {
    throw new DataError(`${source.name}: expected rows, got an empty file; check the file`, {
      name: source.name,
    });
  }
  const [found] = formats.filter(({ begins }) => begins(head)).slice(-1);
  return found!.open(rest, options);
}
