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

/** Pixels between pictures. */
const gap = 8;

/** Pictures from left to right, centred vertically. */
export function sideBySide(rasters: readonly Raster[]): Raster {
  const height = Math.max(0, ...rasters.map((raster) => raster.height));
  const widths = rasters.reduce((sum, raster) => sum + raster.width, 0);
  const row = blankRaster(widths + gap * Math.max(0, rasters.length - 1), height, GUTTER);
  let left = 0;
  for (const raster of rasters) {
    paste(row, raster, left, Math.floor((height - raster.height) / 2));
    left += raster.width + gap;
  }
  return row;
}

/** Pictures from top to bottom, aligned on the left. */
export function stacked(rasters: readonly Raster[]): Raster {
  const width = Math.max(0, ...rasters.map((raster) => raster.width));
  const heights = rasters.reduce((sum, raster) => sum + raster.height, 0);
  const column = blankRaster(width, heights + gap * Math.max(0, rasters.length - 1), GUTTER);
  let top = 0;
  for (const raster of rasters) {
    paste(column, raster, 0, top);
    top += raster.height + gap;
  }
  return column;
}

/** The square pictures that {@link sideBySide} put in a row. */
export function squaresOf(row: Raster): Raster[] {
  const size = row.height;
  const count = Math.floor((row.width + gap) / (size + gap));
  return Array.from({ length: count }, (_, i) => {
    const data = new Uint8Array(3 * size * size);
    for (let y = 0; y < size; y++) {
      const from = 3 * (y * row.width + i * (size + gap));
      data.set(row.data.subarray(from, from + 3 * size), 3 * y * size);
    }
    return { width: size, height: size, data };
  });
}

/** A picture with the mean of each `factor` x `factor` pixels for a pixel. */
export function shrunk(raster: Raster, factor: number): Raster {
  const width = Math.floor(raster.width / factor);
  const height = Math.floor(raster.height / factor);
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) {
    const [column, y] = [i % (3 * width), Math.floor(i / (3 * width))];
    const [x, color] = [Math.floor(column / 3), column % 3];
    let total = 0;
    for (let k = 0; k < factor ** 2; k++) {
      const [below, right] = [Math.floor(k / factor), k % factor];
      const from = (y * factor + below) * raster.width + x * factor + right;
      total += raster.data[3 * from + color]!;
    }
    data[i] = Math.round(total / factor ** 2);
  }
  return { width, height, data };
}
