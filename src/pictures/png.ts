import { encode } from "fast-png";
import type { NumberArray } from "../tree.js";
import type { Raster } from "./raster.js";

/** An RGB picture as the bytes of a PNG file. */
export function encodeRgb({ width, height, data }: Raster): Uint8Array {
  return encode({ width, height, data, channels: 3, depth: 8 });
}

/** Image `index` of `[n, C, H, W]`, C = 1 (grey) or 3 (RGB), whole pixels 0…255, as a PNG file. */
export function encodeImage({ shape, data }: NumberArray, index: number): Uint8Array {
  const [, channels = 1, height = 0, width = 0] = shape;
  const size = channels * height * width;
  const pixels = new Uint8Array(size).map((_, at) => {
    const [pixel, channel] = [Math.floor(at / channels), at % channels];
    return data[index * size + channel * height * width + pixel]!;
  });
  return encode({ width, height, data: pixels, channels: channels === 3 ? 3 : 1, depth: 8 });
}
