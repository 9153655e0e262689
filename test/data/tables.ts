import { deflateSync } from "node:zlib";
import { crc32 } from "../../src/crc32.js";

export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** Text in UTF-16, without a byte-order mark. */
export function utf16(text: string, order: "little" | "big"): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) {
    view.setUint16(2 * i, text.charCodeAt(i), order === "little");
  }
  return bytes;
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** An `.npy` file with this header and content. */
export function npyFile(header: string, content: Uint8Array, version = 1): Uint8Array {
  const text = ascii(`${header}\n`);
  const size = version === 1 ? 2 : 4;
  const head = new Uint8Array(8 + size);
  head.set([0x93, ...ascii("NUMPY"), version, 0]);
  const view = new DataView(head.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  return joined(head, text, content);
}

export function npyHeaderText(descr: string, shape: string, fortran = "False"): string {
  return `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
}

/** Bytes of numbers in the order of this machine, which is little-endian. */
export function bytesOf(
  numbers: Float64Array | BigInt64Array | Uint16Array | Uint8Array,
): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** A PNG of these chunks. */
export function pngOf(
  chunks: readonly (readonly [type: string, content: Uint8Array])[],
): Uint8Array {
  return joined(
    ascii("\x89PNG\r\n\x1a\n"),
    ...chunks.map(([type, content]) => {
      const chunk = new Uint8Array(12 + content.length);
      const view = new DataView(chunk.buffer);
      view.setUint32(0, content.length);
      chunk.set(ascii(type), 4);
      chunk.set(content, 8);
      view.setUint32(8 + content.length, crc32(chunk.subarray(4, 8 + content.length)));
      return chunk;
    }),
  );
}

/** The header chunk of a PNG. */
export function pngHeaderChunk(width: number, height: number, depth = 8, type = 0): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, type, 0, 0, 0], 8);
  return header;
}

/** A PNG whose unfiltered lines, each after its filter byte, are `lines`. */
export function pngFile(header: Uint8Array, lines: Uint8Array): Uint8Array {
  return pngOf([
    ["IHDR", header],
    ["IDAT", new Uint8Array(deflateSync(lines))],
    ["IEND", new Uint8Array(0)],
  ]);
}
