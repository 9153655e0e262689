import { ShapeError } from "../errors.js";
import type { NumberArray } from "../tree.js";
import { blankRaster, GUTTER, paste, type Raster } from "./raster.js";

export interface SheetOptions {
  /** Images in a row; near a square by default. */
  readonly columns?: number;
  /** Pixels of the sheet along a side of a pixel; by default as many as make 84 of the height. */
  readonly scale?: number;
  /** Pixels of the sheet between images. */
  readonly gap?: number;
}

/**
 * Images on one sheet, row by row, enlarged without smoothing.
 *
 * @param images `[n, C, H, W]`, C = 1 (gray) or 3 (RGB), values in 0..255; others are clipped.
 * @throws {ShapeError} for any other shape.
 */
export function imageSheet(images: NumberArray, options: SheetOptions = {}): Raster {
  const [n, , height, width] = expectImages(images, "imageSheet: images");
  const { columns = Math.ceil(Math.sqrt(n)), gap = 2 } = options;
  const { scale = enlargement(height) } = options;
  const cellWidth = scale * width + gap;
  const cellHeight = scale * height + gap;
  const sheet = blankRaster(
    columns * cellWidth - gap,
    Math.ceil(n / columns) * cellHeight - gap,
    GUTTER,
  );
  for (let i = 0; i < n; i++) {
    paste(
      sheet,
      enlarge(images, i, scale),
      (i % columns) * cellWidth,
      Math.floor(i / columns) * cellHeight,
    );
  }
  return sheet;
}

/** Pixels of a picture along a side of an image's pixel, for a height of about 84. */
export function enlargement(height: number): number {
  return Math.max(1, Math.round(84 / height));
}

/**
 * The sizes of a batch of images, `[n, C, H, W]`.
 * @throws {ShapeError} if it is none.
 */
export function expectImages(images: NumberArray, where: string): [number, number, number, number] {
  const [n = 0, channels = 0, height = 0, width = 0] = images.shape;
  const valid = images.shape.length === 4 && images.data.length > 0;
  if (!valid || (channels !== 1 && channels !== 3)) {
    throw new ShapeError(
      `${where}: expected [n, C, H, W] with n > 0 and C = 1 or 3, got [${images.shape}]`,
    );
  }
  return [n, channels, height, width];
}

/** Image `index` with each pixel repeated `scale` times along both axes. */
function enlarge(images: NumberArray, index: number, scale: number): Raster {
  const [, channels = 1, height = 1, width = 1] = images.shape;
  const data = new Uint8ClampedArray(3 * scale * height * scale * width);
  let at = 0;
  for (let y = 0; y < scale * height; y++) {
    for (let x = 0; x < scale * width; x++) {
      const pixel = Math.floor(y / scale) * width + Math.floor(x / scale);
      for (let color = 0; color < 3; color++) {
        const channel = index * channels + (channels === 3 ? color : 0);
        data[at++] = images.data[channel * height * width + pixel]!;
      }
    }
  }
  return { width: scale * width, height: scale * height, data: new Uint8Array(data.buffer) };
}
