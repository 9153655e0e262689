import { encode } from "fast-png";
import type { Raster } from "./raster.js";

/** An RGB picture as the bytes of a PNG file. */
export function encodeRgb({ width, height, data }: Raster): Uint8Array {
  return encode({ width, height, data, channels: 3, depth: 8 });
}
