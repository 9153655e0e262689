import { crc32 } from "../../src/crc32.js";

export type Piece = string | number | Uint8Array | readonly number[];

/** Bytes of text (each character one byte), of single bytes, or of arrays, one after the other. */
export function bytesOf(...pieces: readonly Piece[]): Uint8Array {
  const parts = pieces.map((piece) => {
    if (typeof piece === "number") return Uint8Array.of(piece);
    if (typeof piece === "string") return Uint8Array.from(piece, (c) => c.charCodeAt(0));
    return Uint8Array.from(piece);
  });
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A number's little-endian bytes. */
export function little(value: number | bigint, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
}

/** An opcode that pushes text. */
export const text = (value: string): Uint8Array => bytesOf("X", little(value.length, 4), value);

/** A pickle in the format before PyTorch 1.6, without storages. */
export function legacyFile(
  pickle: Uint8Array,
  after: Uint8Array = bytesOf("\x80\x02]."),
): Uint8Array {
  const magic = bytesOf("\x80\x02\x8a\x0a", little(0x1950a86a20f9469cfc6cn, 10), ".");
  const version = bytesOf("\x80\x02M", little(1001, 2), ".");
  const system = bytesOf("\x80\x02}", text("little_endian"), "\x88s.");
  return bytesOf(magic, version, system, pickle, after);
}

export interface ZipFile {
  readonly name: string;
  readonly content: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  /** What the directory says, where it lies. */
  readonly claimed?: {
    readonly size?: number;
    readonly packed?: number;
    readonly header?: number;
    readonly crc?: number;
    readonly localName?: string;
  };
}

/** A zip archive, as honest as its files' claims. */
export function zipOf(
  files: readonly ZipFile[],
  { count = files.length, comment = "", start = 0 } = {},
): Uint8Array {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, content, method = 0, flags = 0, claimed = {} } of files) {
    const { size = content.length, packed = size, header = at, crc = crc32(content) } = claimed;
    const common = bytesOf(
      little(flags, 2),
      little(method, 2),
      little(0, 4),
      little(crc, 4),
      little(packed, 4),
      little(size, 4),
      little(name.length, 2),
      little(0, 2),
    );
    const local = bytesOf("PK\x03\x04", little(20, 2), common, claimed.localName ?? name, content);
    locals.push(local);
    directory.push(
      bytesOf(
        "PK\x01\x02",
        little(20, 2),
        little(20, 2),
        common,
        little(0, 10),
        little(header, 4),
        name,
      ),
    );
    at += local.length;
  }
  const central = bytesOf(...directory);
  return bytesOf(
    ...locals,
    central,
    "PK\x05\x06",
    little(0, 4),
    little(count, 2),
    little(count, 2),
    little(central.length, 4),
    little(at + start, 4),
    little(comment.length, 2),
    comment,
  );
}

/** As `torch.save` writes: a pickle and its storages. */
export function zipFile(
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array {
  return zipOf([
    { name: "archive/data.pkl", content: pickle },
    ...Object.entries(storages).map(([key, content]) => ({ name: `archive/data/${key}`, content })),
  ]);
}
