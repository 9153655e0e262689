import { encode } from "fast-png";
import type { Raster } from "./raster.js";

/** An RGB picture as the bytes of a PNG file. */
export function encodeRgb({ width, height, data }: Raster): Uint8Array {
  return encode({ width, height, data, channels: 3, depth: 8 });
}

/** A gray picture, `width * height` bytes with rows from the top, as the bytes of a PNG file. */
export function encodeGray({ width, height, data }: Raster): Uint8Array {
  return encode({ width, height, data, channels: 1, depth: 8 });
}
