import { CheckpointError } from "../errors.js";
import { crc32 } from "../crc32.js";

const endLength = 22;
const longestComment = 0xffff;
const localLength = 30;
const centralLength = 46;
const signatures = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
} as const;

/** A file of an archive: where its bytes lie. */
interface Entry {
  readonly name: string;
  readonly header: number;
  readonly start: number;
  readonly end: number;
  readonly crc: number;
}

/** The directory's account of itself. */
interface Directory {
  readonly count: number;
  readonly start: number;
  readonly length: number;
}

/** The files of a zip archive that compresses nothing, which is how PyTorch writes. */
export class StoredZip {
  readonly #bytes: Uint8Array;
  readonly #where: string;
  readonly #entries: ReadonlyMap<string, Entry>;

  /**
   * Checks the whole directory: every file lies within the archive, and no two overlap, so that all
   * of them together are never larger than it.
   *
   * @param where names the archive in errors.
   * @throws {CheckpointError} if the archive is damaged, truncated, compressed, encrypted or split,
   * or has a name twice, or one that leads out of it.
   * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
   */
  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#where = where;
    const entries = readDirectory(bytes, where);
    expectApart(entries, where);
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
  }

  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * The bytes of a file, a view of the archive's.
   * @throws {CheckpointError} if there is no such file, or its checksum is another.
   */
  read(name: string): Uint8Array {
    const entry = this.#entries.get(name);
    if (!entry) throw damaged(this.#where, `a file ${name} in the archive`, "none");
    const content = this.#bytes.subarray(entry.start, entry.end);
    if (crc32(content) !== entry.crc) {
      throw damaged(this.#where, `the checksum of ${name} to be that of its bytes`, "another");
    }
    return content;
  }
}

function readDirectory(bytes: Uint8Array, where: string): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view, where);
  const directory = directoryOf(view, end, where);
  const { count, start, length } = directory;
  if (!(start + length <= end && count * centralLength <= length)) {
    throw damaged(where, "a directory before the archive's end", `${length} bytes at ${start}`);
  }
  const entries: Entry[] = [];
  const names = new Set<string>();
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + centralLength > start + length || view.getUint32(at, true) !== signatures.central) {
      throw damaged(where, `entry ${i} of ${count} in the directory`, "something else");
    }
    const next = at + centralLength + tailLength(view, at);
    if (next > start + length) throw damaged(where, "entries within the directory", "a longer one");
    const entry = readEntry(bytes, view, at, start, where);
    if (names.has(entry.name)) throw damaged(where, "each name once", `${entry.name} twice`);
    names.add(entry.name);
    entries.push(entry);
    at = next;
  }
  return entries;
}

/** Where the end record starts: the last of the archive, behind it nothing but its comment. */
function endOf(view: DataView, where: string): number {
  const last = view.byteLength - endLength;
  for (let at = last; at >= Math.max(0, last - longestComment); at--) {
    const isEnd = view.getUint32(at, true) === signatures.end;
    if (isEnd && at + endLength + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  throw damaged(where, "a zip archive with its directory at the end", `${view.byteLength} bytes`);
}

function directoryOf(view: DataView, end: number, where: string): Directory {
  const isSplit = view.getUint16(end + 4, true) !== 0 || view.getUint16(end + 6, true) !== 0;
  if (isSplit) throw damaged(where, "an archive in one piece", "one of several");
  const narrow = {
    count: view.getUint16(end + 10, true),
    length: view.getUint32(end + 12, true),
    start: view.getUint32(end + 16, true),
  };
  const locator = end - 20;
  if (locator < 0 || view.getUint32(locator, true) !== signatures.locator64) return narrow;
  const at = uint64(view, locator + 8);
  if (!(at + 56 <= locator && view.getUint32(at, true) === signatures.end64)) {
    throw damaged(where, "the directory's record of 64 bits", "something else");
  }
  const wide = {
    count: uint64(view, at + 32),
    length: uint64(view, at + 40),
    start: uint64(view, at + 48),
  };
  const agrees =
    [wide.count, 0xffff].includes(narrow.count) &&
    [wide.length, 0xffffffff].includes(narrow.length) &&
    [wide.start, 0xffffffff].includes(narrow.start);
  if (!agrees) throw damaged(where, "one directory", "two that differ");
  return wide;
}

/** Bytes of a directory entry's name, extra fields and comment. */
function tailLength(view: DataView, at: number): number {
  return (
    view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  );
}

function readEntry(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  directory: number,
  where: string,
): Entry {
  const nameLength = view.getUint16(at + 28, true);
  const name = nameAt(bytes, at + centralLength, nameLength, where);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  if ((flags & 1) !== 0) throw damaged(where, `${name} without a password`, "an encrypted one");
  if (method !== 0) {
    throw damaged(where, `${name} stored as it is`, `compression method ${method}`);
  }
  const [packed, size, header] = wideSizes(view, at, name, where);
  if (packed !== size) throw damaged(where, `${size} bytes for ${name}`, `${packed}`);
  if (
    !(header + localLength <= directory && view.getUint32(header, true) === signatures.local) ||
    view.getUint16(header + 26, true) !== nameLength ||
    nameAt(bytes, header + localLength, nameLength, where) !== name ||
    view.getUint16(header + 8, true) !== method
  ) {
    throw damaged(where, `${name} where the directory says`, "something else");
  }
  const start = header + localLength + nameLength + view.getUint16(header + 28, true);
  if (!(start + size <= directory)) {
    throw damaged(where, `${size} bytes of ${name}`, `${Math.max(0, directory - start)}`);
  }
  return { name, header, start, end: start + size, crc: view.getUint32(at + 16, true) };
}

/** Packed size, size and local header's place, from the extra field of 64 bits where they say so. */
function wideSizes(
  view: DataView,
  at: number,
  name: string,
  where: string,
): [number, number, number] {
  const narrow = [20, 24, 42].map((field) => view.getUint32(at + field, true));
  let extra = at + centralLength + view.getUint16(at + 28, true);
  const end = extra + view.getUint16(at + 30, true);
  let wide = 0;
  let wideEnd = 0;
  while (extra + 4 <= end) {
    const next = extra + 4 + view.getUint16(extra + 2, true);
    if (next > end) break;
    if (view.getUint16(extra, true) === 1) [wide, wideEnd] = [extra + 4, next];
    extra = next;
  }
  const read = (value: number): number => {
    if (value !== 0xffffffff) return value;
    if (wide + 8 > wideEnd) throw damaged(where, `the size of ${name} in 64 bits`, "none");
    wide += 8;
    return uint64(view, wide - 8);
  };
  // the standard's order: size, packed size, place
  const size = read(narrow[1]!);
  const packed = read(narrow[0]!);
  return [packed, size, read(narrow[2]!)];
}

function nameAt(bytes: Uint8Array, at: number, length: number, where: string): string {
  const name = new TextDecoder().decode(bytes.subarray(at, at + length));
  const parts = name.split("/");
  const leadsOut = parts.some((part, i) => {
    const isFolder = i > 0 && i === parts.length - 1;
    return part === "." || part === ".." || (part === "" && !isFolder);
  });
  if (
    leadsOut ||
    /[\\:]/.test(name) ||
    bytes.subarray(at, at + length).some((code) => code < 0x20)
  ) {
    throw damaged(where, "names within the archive", JSON.stringify(name.slice(0, 80)));
  }
  return name;
}

/** @throws {CheckpointError} if two files share bytes. */
function expectApart(entries: readonly Entry[], where: string): void {
  let before: Entry | undefined;
  for (const entry of [...entries].sort((a, b) => a.header - b.header)) {
    if (before && entry.header < before.end) {
      throw damaged(where, "files that don't overlap", `${before.name} and ${entry.name}`);
    }
    before = entry;
  }
}

/** Infinite beyond what a number holds, so that every comparison with a length fails. */
function uint64(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  return Number.isSafeInteger(value) ? value : Infinity;
}

function damaged(where: string, expected: string, got: string): CheckpointError {
  return new CheckpointError(
    `${where}: expected ${expected}, got ${got}; the file is damaged or wasn't written by PyTorch`,
  );
}
