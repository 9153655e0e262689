import { unzlibSync } from "fflate";
import { DataError } from "../../errors.js";
import { crc32 } from "../../crc32.js";
import { joinBytes } from "../readers/source.js";

/** The chunks of a PNG that its pixels need. */
export interface PngChunks {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha. */
  readonly type: number;
  readonly interlaced: boolean;
  readonly palette?: Uint8Array;
  /** Alpha of the palette's colours, or the colour that is transparent. */
  readonly transparency?: Uint8Array;
  readonly data: Uint8Array;
}

/** Depths by colour type. */
const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** The error for a PNG that is damaged. */
export function pngError(name: string, got: string, cause?: unknown): DataError {
  return new DataError(
    `${name}: expected a whole PNG, got ${got}; save the picture again, or leave it out`,
    { name, cause },
  );
}

/**
 * Splits a PNG into its chunks, whose checksums it checks. Chunks that don't bear on the pixels,
 * such as text and colour profiles, are passed over without unpacking.
 *
 * @throws {DataError} if the file is truncated or damaged.
 * @see https://www.w3.org/TR/png-3/#5DataRep
 */
export function pngChunks(name: string, bytes: Uint8Array): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Uint8Array[]>();
  let at = 8;
  for (let type = ""; type !== "IEND";) {
    if (at + 12 > bytes.length) throw pngError(name, "one that ends before its last chunk");
    const end = at + 12 + view.getUint32(at);
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (end > bytes.length) throw pngError(name, `one that ends within its chunk ${type}`);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw pngError(name, `a chunk ${type} whose checksum doesn't fit`);
    }
    const content = bytes.subarray(at + 8, end - 4);
    const same = found.get(type);
    if (same) same.push(content);
    else found.set(type, [content]);
    at = end;
  }
  const header = found.get("IHDR")?.[0];
  const data = found.get("IDAT");
  if (header?.length !== 13 || data === undefined) throw pngError(name, "one without pixels");
  const [depth = 0, type = 0, packing, filter, interlace = 0] = header.subarray(8);
  const known = depths[type]?.includes(depth) === true && packing === 0 && filter === 0;
  if (!known || interlace > 1) throw pngError(name, `colour type ${type} of ${depth} bits`);
  const palette = found.get("PLTE")?.[0];
  const transparency = found.get("tRNS")?.[0];
  if (type === 3 && palette === undefined) throw pngError(name, "one without its palette");
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth,
    type,
    interlaced: interlace === 1,
    ...(palette ? { palette } : {}),
    ...(transparency ? { transparency } : {}),
    data: joinBytes(data),
  };
}

/**
 * Unpacks the pixels of a PNG, exactly `size` bytes: no more is ever taken.
 * @throws {DataError} if there are fewer or more, or they are damaged.
 */
export function inflatePng(name: string, data: Uint8Array, size: number): Uint8Array {
  let unpacked: Uint8Array;
  try {
    unpacked = unzlibSync(data, { out: new Uint8Array(size + 1) });
  } catch (error) {
    throw pngError(name, `damaged pixels (${String(error)})`, error);
  }
  if (unpacked.length === size) return unpacked;
  throw pngError(name, `${unpacked.length > size ? "more" : "fewer"} pixels than its header says`);
}
