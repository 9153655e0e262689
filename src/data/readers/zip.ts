import { inflateSync } from "fflate";
import { DataError } from "../../errors.js";
import { crc32 } from "../../crc32.js";
import { defaultMaxBytes, type ByteSource } from "./source.js";

/** A file in a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes once unzipped, as the archive says; {@link readZipEntry} holds it to that. */
  readonly size: number;
  readonly packed: number;
  readonly method: number;
  readonly crc: number;
  readonly encrypted: boolean;
  /** Where its local header begins. */
  readonly offset: number;
}

/** A zip archive that is read in place. */
export interface ZipArchive {
  readonly name: string;
  readonly entries: readonly ZipEntry[];
  readonly bytes: (start: number, end: number) => Promise<Uint8Array>;
}

/** Bytes at the end in which the directory's end must be: itself and the longest comment. */
const tail = 22 + 65_535;

/** No directory is longer; one that says so is damaged. */
const maxDirectory = 1 << 26;

/**
 * Reads the directory of a zip archive, with 64-bit sizes too.
 *
 * @throws {DataError} if the archive is truncated or damaged.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3 and 4.5.3
 */
export async function openZip({
  name,
  size,
  slice: bytes,
}: Required<ByteSource>): Promise<ZipArchive> {
  const fail = (got: string): never => {
    throw new DataError(
      `${name}: expected a whole zip archive, got ${got}; the file is truncated or damaged: get it again`,
      { name },
    );
  };
  const from = Math.max(0, size - tail);
  const end = viewOf(await bytes(from, size));
  let at = end.byteLength - 22;
  while (at >= 0 && end.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) fail("no directory at its end");
  let length = end.getUint32(at + 12, true);
  let start = end.getUint32(at + 16, true);
  if ((start === 0xffffffff || length === 0xffffffff) && at >= 20) {
    const record = long(end, at - 20 + 8);
    if (end.getUint32(at - 20, true) !== 0x07064b50 || record + 56 > size) fail("a damaged end");
    const wide = viewOf(await bytes(record, record + 56));
    [length, start] = [long(wide, 40), long(wide, 48)];
  }
  if (length > maxDirectory || start + length > size) fail("a directory beyond its end");
  const directory = viewOf(await bytes(start, start + length));
  const entries: ZipEntry[] = [];
  for (let place = 0; place < directory.byteLength;) {
    const { entry, next } = entryAt(directory, place) ?? fail("a damaged directory");
    if (entry.offset + entry.packed > size) fail("a damaged directory");
    entries.push(entry);
    place = next;
  }
  return { name, entries, bytes };
}

function entryAt(view: DataView, at: number): { entry: ZipEntry; next: number } | undefined {
  if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) return undefined;
  const nameSize = view.getUint16(at + 28, true);
  const extraSize = view.getUint16(at + 30, true);
  const extra = at + 46 + nameSize;
  const next = extra + extraSize + view.getUint16(at + 32, true);
  if (next > view.byteLength) return undefined;
  const fields = [24, 20, 42].map((field) => view.getUint32(at + field, true));
  // Those that don't fit stand in the extra field 1, in this order.
  for (let place = extra; place + 4 <= extra + extraSize;) {
    const end = place + 4 + view.getUint16(place + 2, true);
    if (view.getUint16(place, true) === 1) {
      let wide = place + 4;
      fields.forEach((value, field) => {
        if (value !== 0xffffffff || wide + 8 > Math.min(end, view.byteLength)) return;
        fields[field] = long(view, wide);
        wide += 8;
      });
    }
    place = end;
  }
  const [size = 0, packed = 0, offset = 0] = fields;
  const entry = {
    name: new TextDecoder().decode(
      new Uint8Array(view.buffer, view.byteOffset + at + 46, nameSize),
    ),
    size,
    packed,
    offset,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    encrypted: (view.getUint16(at + 8, true) & 1) === 1,
  };
  return { entry, next };
}

/** Deflate packs at most 1,032 bytes into one. */
const mostPacked = 1032;

/**
 * Unzips a file of an archive. No more memory is taken than the directory says and than deflate
 * can pack into the bytes there are.
 *
 * @param maxBytes most bytes to take; 2 GiB unless given
 * @throws {DataError} if it's larger, damaged, encrypted, or packed by another method than deflate.
 */
export async function readZipEntry(
  { name: archive, bytes }: ZipArchive,
  entry: ZipEntry,
  maxBytes = defaultMaxBytes,
): Promise<Uint8Array> {
  const name = `${archive}: ${entry.name}`;
  const fail = (expected: string, got: string, remedy: string): never => {
    throw new DataError(`${name}: expected ${expected}, got ${got}; ${remedy}`, { name });
  };
  const { size, packed, method } = entry;
  if (entry.encrypted) fail("a file without a password", "an encrypted one", "save it without");
  if (method !== 0 && method !== 8) {
    fail("a stored or deflated file", `one packed by method ${method}`, "save it by NumPy");
  }
  if (size > maxBytes) {
    fail(`at most ${maxBytes} bytes`, `${size}`, "save it in parts, or raise maxBytes");
  }
  if (method === 0 ? size !== packed : size > packed * mostPacked + 1024) {
    fail(`at most ${packed * mostPacked} bytes from ${packed}`, `${size}`, "the file is damaged");
  }
  const local = viewOf(await bytes(entry.offset, entry.offset + 30));
  if (local.byteLength < 30 || local.getUint32(0, true) !== 0x04034b50) {
    fail("its header", "other bytes", "the archive is damaged: get it again");
  }
  const start = entry.offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const content = await bytes(start, start + packed);
  const unpacked = method === 0 ? content : inflate(name, content, size);
  if (unpacked.length !== size || crc32(unpacked) !== entry.crc) {
    fail("its checksum to fit", "damaged content", "get the archive again");
  }
  return unpacked;
}

function inflate(name: string, content: Uint8Array, size: number): Uint8Array {
  try {
    return inflateSync(content, { out: new Uint8Array(size) });
  } catch (error) {
    throw new DataError(
      `${name}: expected deflated content, got damaged content (${String(error)}); get the archive again`,
      { name, cause: error },
    );
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** A whole number of 8 bytes. Beyond 2⁵³ it only has to stay too large. */
function long(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}
