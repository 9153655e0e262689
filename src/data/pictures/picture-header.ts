import { DataError } from "../../errors.js";

/** What a picture's file says before its pixels. */
export interface PictureHeader {
  readonly format: "png" | "jpeg" | "webp";
  readonly width: number;
  readonly height: number;
  /** Whether it is other than grey; pictures with palettes count as such. */
  readonly colour: boolean;
}

/**
 * Reads the header of a PNG, JPEG or WebP picture, so that its size is known before memory is taken.
 *
 * @param name what errors call it
 * @throws {DataError} if the bytes are of no such picture, or end within the header.
 * @see https://www.w3.org/TR/png-3/, https://www.w3.org/Graphics/JPEG/itu-t81.pdf B.2,
 * https://www.rfc-editor.org/rfc/rfc9649
 */
export function pictureHeader(name: string, bytes: Uint8Array): PictureHeader {
  const header = pngHeader(bytes) ?? jpegHeader(bytes) ?? webpHeader(name, bytes);
  if (header === undefined || !(header.width > 0 && header.height > 0)) {
    throw new DataError(
      `${name}: expected a PNG, JPEG or WebP picture, got ${bytes.length === 0 ? "an empty file" : "other bytes, or a damaged or truncated header"}; save the picture again, or leave it out`,
      { name },
    );
  }
  return header;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function pngHeader(bytes: Uint8Array): PictureHeader | undefined {
  if (bytes.length < 33 || textAt(bytes, 0, 16) !== "\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    return undefined;
  const view = viewOf(bytes);
  const colour = (bytes[25]! & 2) !== 0;
  return { format: "png", width: view.getUint32(16), height: view.getUint32(20), colour };
}

function jpegHeader(bytes: Uint8Array): PictureHeader | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const view = viewOf(bytes);
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    // The frame's header, of any process but the tables of Huffman, arithmetic and JPG.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return { format: "jpeg", width, height, colour: bytes[at + 9]! > 1 };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function webpHeader(name: string, bytes: Uint8Array): PictureHeader | undefined {
  if (bytes.length < 30 || textAt(bytes, 0, 4) !== "RIFF" || textAt(bytes, 8, 4) !== "WEBP") {
    return undefined;
  }
  const view = viewOf(bytes);
  const format = "webp";
  const kind = textAt(bytes, 12, 4);
  if (kind === "VP8 ") {
    const [width, height] = [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    return { format, width, height, colour: true };
  }
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return {
      format,
      width: (bits & 0x3fff) + 1,
      height: ((bits >>> 14) & 0x3fff) + 1,
      colour: true,
    };
  }
  if (kind !== "VP8X") return undefined;
  if ((bytes[20]! & 2) !== 0) {
    throw new DataError(`${name}: expected a still picture, got an animation; save one frame`, {
      name,
    });
  }
  const width = (view.getUint32(24, true) & 0xffffff) + 1;
  const height = (view.getUint32(26, true) >>> 8) + 1;
  return { format, width, height, colour: true };
}
