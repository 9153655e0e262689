/** Red, green and blue in 0..255. */
export type Color = readonly [red: number, green: number, blue: number];

/** An RGB picture: `3 * width * height` bytes, rows from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Colour between neighbouring pictures, visible beside black and beside white. */
export const GUTTER: Color = [92, 96, 106];

/** A picture of one colour. */
export function blankRaster(width: number, height: number, color: Color): Raster {
  const data = new Uint8Array(3 * width * height);
  for (let at = 0; at < data.length; at += 3) data.set(color, at);
  return { width, height, data };
}

/** Copies `source` into `target`, its top left corner at (`left`, `top`); it must fit. */
export function paste(target: Raster, source: Raster, left: number, top: number): void {
  const row = 3 * source.width;
  for (let y = 0; y < source.height; y++) {
    const from = source.data.subarray(y * row, (y + 1) * row);
    target.data.set(from, 3 * ((top + y) * target.width + left));
  }
}
