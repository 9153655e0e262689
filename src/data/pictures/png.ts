import type { DecodedPicture } from "./decoded.js";
import { inflatePng, pngChunks, pngError, type PngChunks } from "./png-chunks.js";

/** Samples of a pixel by colour type. */
const samplesOf: Readonly<Record<number, 1 | 2 | 3 | 4>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Every how many pixels each pass of Adam7 has one, from where. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Decodes a PNG of any colour type, depth and interlacing into 8 bits: 16-bit samples are rounded,
 * smaller ones spread over 0 ... 255, palettes looked up, transparent colours become alpha. The
 * header must have been checked for an acceptable size.
 *
 * @throws {DataError} if the file is truncated or damaged.
 * @see https://www.w3.org/TR/png-3/
 */
export function decodePng(name: string, bytes: Uint8Array): DecodedPicture {
  const png = pngChunks(name, bytes);
  const { width, height, depth, type, interlaced } = png;
  const samples = samplesOf[type]!;
  const pixelBits = samples * depth;
  const passes = (interlaced ? adam7 : ([[0, 0, 1, 1]] as const))
    .map(([x, y, dx, dy]) => ({
      x,
      y,
      dx,
      dy,
      columns: Math.ceil((width - x) / dx),
      rows: Math.ceil((height - y) / dy),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const lineSize = (columns: number): number => Math.ceil((columns * pixelBits) / 8);
  const size = passes.reduce((sum, { columns, rows }) => sum + rows * (1 + lineSize(columns)), 0);
  const packed = inflatePng(name, png.data, size);
  const channels = channelsOf(png, samples);
  const put = pixelWriter(name, png, channels);
  const data = new Uint8Array(width * height * channels);
  let at = 0;
  for (const { x, y, dx, dy, columns, rows } of passes) {
    const length = lineSize(columns);
    let above = new Uint8Array(length);
    const pixel = new Uint16Array(samples);
    for (let row = 0; row < rows; row++) {
      const line = packed.slice(at + 1, at + 1 + length);
      unfilter(name, packed[at]!, line, above, Math.max(1, pixelBits >> 3));
      at += 1 + length;
      for (let column = 0; column < columns; column++) {
        for (let i = 0; i < samples; i++) pixel[i] = sampleOf(line, column * samples + i, depth);
        put(pixel, data, ((y + row * dy) * width + x + column * dx) * channels);
      }
      above = line;
    }
  }
  return { width, height, channels, data };
}

function channelsOf({ type, transparency }: PngChunks, samples: 1 | 2 | 3 | 4): 1 | 2 | 3 | 4 {
  if (type === 3) return transparency ? 4 : 3;
  if (transparency === undefined) return samples;
  return samples === 1 ? 2 : 4;
}

/** @see https://www.w3.org/TR/png-3/#9Filter-types */
function unfilter(
  name: string,
  filter: number,
  line: Uint8Array,
  above: Uint8Array,
  step: number,
): void {
  if (filter > 4) throw pngError(name, `a line of filter type ${filter}`);
  if (filter === 0) return;
  for (let i = 0; i < line.length; i++) {
    const left = i < step ? 0 : line[i - step]!;
    const up = above[i]!;
    if (filter === 1) line[i]! += left;
    else if (filter === 2) line[i]! += up;
    else if (filter === 3) line[i]! += (left + up) >> 1;
    else line[i]! += paeth(left, up, i < step ? 0 : above[i - step]!);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function sampleOf(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index]!;
  if (depth === 16) return line[2 * index]! * 256 + line[2 * index + 1]!;
  const bit = index * depth;
  return (line[bit >> 3]! >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

type PixelWriter = (pixel: Uint16Array, data: Uint8Array, at: number) => void;

function pixelWriter(name: string, png: PngChunks, channels: number): PixelWriter {
  const { type, depth, palette, transparency } = png;
  if (type === 3 && palette) {
    return (pixel, data, at) => {
      const index = pixel[0]!;
      if (3 * index + 3 > palette.length) throw pngError(name, "a colour beyond its palette");
      data.set(palette.subarray(3 * index, 3 * index + 3), at);
      if (transparency) data[at + 3] = transparency[index] ?? 255;
    };
  }
  const most = 2 ** depth - 1;
  const key = transparency && transparentColour(transparency);
  return (pixel, data, at) => {
    for (let i = 0; i < pixel.length; i++) data[at + i] = Math.round((pixel[i]! * 255) / most);
    if (key && channels > pixel.length) {
      data[at + pixel.length] = pixel.every((sample, i) => sample === key[i]) ? 0 : 255;
    }
  };
}

function transparentColour(bytes: Uint8Array): number[] {
  return Array.from(
    { length: bytes.length >> 1 },
    (_, i) => bytes[2 * i]! * 256 + bytes[2 * i + 1]!,
  );
}
