import { UsageError } from "../errors.js";
import type { Random } from "../random.js";
import type { NDArray } from "../tree.js";
import { imageSizes } from "./image-sizes.js";

/** The square's upper left pixel; it may lie outside the image. */
export interface Corner {
  readonly row: number;
  readonly column: number;
}

export interface CutoutSquare {
  /** Pixels of a side. */
  readonly size: number;
  /** What each pixel in it becomes, in every channel. */
  readonly value: number;
}

/**
 * Fills a square of image b of `[B, C, H, W]`, at `corners[b]`; what of it lies outside is lost.
 * @see DeVries and Taylor 2017, https://arxiv.org/abs/1708.04552
 */
export function cutout(
  x: NDArray,
  corners: readonly Corner[],
  { size, value }: CutoutSquare,
): NDArray {
  const [, channels, height, width] = imageSizes(x);
  const data = x.data.slice();
  for (const [b, { row, column }] of corners.entries()) {
    const [left, right] = [Math.max(column, 0), Math.min(column + size, width)];
    if (left >= right) continue;
    for (let c = 0; c < channels; c++) {
      for (let at = Math.max(row, 0); at < Math.min(row + size, height); at++) {
        const first = ((b * channels + c) * height + at) * width;
        data.fill(value, first + left, first + right);
      }
    }
  }
  return { shape: x.shape, data };
}

/** Corners of squares whose middle pixel is uniform over the image. */
export function drawCorners(
  x: NDArray,
  { size, value }: CutoutSquare,
  random: Random,
  first: number,
): Corner[] {
  const [count, , height, width] = imageSizes(x);
  if (!(Number.isInteger(size) && size >= 0 && Number.isFinite(value))) {
    throw new UsageError(
      `augment: expected a cutout of whole pixels and a value, got ${size} and ${value}; choose others, such as 8 and 0`,
    );
  }
  const rows = random.split("row").integers(count, height, first);
  const columns = random.split("column").integers(count, width, first);
  const before = Math.floor(size / 2);
  return Array.from({ length: count }, (_, b) => ({
    row: rows[b]! - before,
    column: columns[b]! - before,
  }));
}
