import { expectKind } from "../../border/kinds.js";
import { expectOneOf } from "../../border/options.js";
import { DataError } from "../../errors.js";
import { defaultChunkRows, type TableReader } from "../table.js";
import { arrayReader, expectRows, rowsOf } from "./array-table.js";
import { unzipped } from "./gunzip.js";
import type { NpyOptions } from "./npy-table.js";
import { npyType } from "./npy-types.js";
import { parseNpy, type NpyArray } from "./npy.js";
import { anywhere, defaultMaxBytes, type ByteSource } from "./source.js";
import { expectTableOptions } from "./table-options.js";
import { openZip, readZipEntry } from "./zip.js";

export interface NpzOptions extends NpyOptions {
  /** Names of the arrays to take, in this order; all unless given. */
  readonly arrays?: readonly string[];
}

/**
 * The arrays of an `.npz` file by name, gzipped or not, of any shapes.
 *
 * @param maxBytes most bytes of all arrays together, unzipped; 2 GiB unless given
 * @throws {DataError} if the archive or an array is truncated, damaged, larger, or of a type that
 * can't be read.
 * @throws {UsageError} if there is no array of such a name.
 */
export async function readNpz(
  source: ByteSource,
  { arrays, maxBytes = defaultMaxBytes }: Pick<NpzOptions, "arrays" | "maxBytes"> = {},
): Promise<ReadonlyMap<string, NpyArray>> {
  expectKind(source, "source", "readNpz");
  const archive = await openZip(await anywhere(await unzipped(source), maxBytes));
  const named = archive.entries.filter(({ name }) => name.endsWith(".npy"));
  const names = named.map(({ name }) => name.slice(0, -4));
  if (names.length === 0) {
    throw new DataError(
      `${archive.name}: expected NumPy arrays in the archive, got ${archive.entries.length} other files; save it by numpy.savez`,
      { name: archive.name },
    );
  }
  const found = new Map<string, NpyArray>();
  let rest = maxBytes;
  for (const chosen of arrays ?? names) {
    const entry = named[names.indexOf(expectOneOf(chosen, names, `${archive.name}: arrays`))]!;
    const bytes = await readZipEntry(archive, entry, rest);
    rest -= bytes.length;
    found.set(chosen, parseNpy(`${archive.name}: ${entry.name}`, bytes));
  }
  return found;
}

/**
 * Opens an `.npz` file, gzipped or not, as a table: arrays `[rows]` are columns of their names,
 * arrays `[rows, n]` are columns `name.1` ... `name.n`. The arrays are in memory as a whole.
 *
 * @throws {DataError} if what {@link readNpz} throws, or the arrays' rows differ.
 * @throws {UsageError} if there is no such option, or no array of such a name.
 */
export async function openNpz(source: ByteSource, options: NpzOptions = {}): Promise<TableReader> {
  expectTableOptions(options, ["maxBytes", "arrays"], "openNpz");
  expectKind(source, "source", "openNpz");
  const { chunkRows = defaultChunkRows } = options;
  const plain = await unzipped(source);
  const { name } = plain;
  const found = [...(await readNpz(plain, options))];
  const arrays = found.map(([array, { shape, descr }]) => ({
    name: array,
    shape,
    descr,
    type: npyType(name, descr),
  }));
  const rows = expectRows(name, arrays);
  const summary = arrays.map(
    ({ name: array, shape, descr }) => `NumPy array "${array}" [${shape}] of ${descr}.`,
  );
  const values = found.map(([, array]) => array);
  return arrayReader(name, arrays, summary, () => rowsOf(values, rows, chunkRows), options);
}
