import { decode, encode } from "fast-png";
import type { Raster } from "./raster.js";

/** An RGB picture as the bytes of a PNG file. */
export function encodeRgb({ width, height, data }: Raster): Uint8Array {
  return encode({ width, height, data, channels: 3, depth: 8 });
}

/** The picture of a PNG that {@link encodeRgb} made. */
export function decodeRgb(png: Uint8Array): Raster {
  const { width, height, data } = decode(png);
  return { width, height, data: Uint8Array.from(data) };
}
