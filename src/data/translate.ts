import { UsageError } from "../errors.js";
import type { Random } from "../random.js";
import type { NDArray } from "../tree.js";
import { imageSizes } from "./image-sizes.js";

/** Where the window of an image begins, in whole pixels of the image. */
export interface Offset {
  readonly right: number;
  readonly down: number;
}

/**
 * Moves the window on image b of `[B, C, H, W]` by `offsets[b]`. Beyond an edge comes the image's
 * mirror image, without the edge once more: 2 1 | 0 1 2 3 | 2 1.
 *
 * @throws {UsageError} if an offset is as large as the image.
 */
export function translate(x: NDArray, offsets: readonly Offset[]): NDArray {
  const [, channels, height, width] = imageSizes(x);
  const data = new Float32Array(x.data.length);
  for (const [b, { right, down }] of offsets.entries()) {
    if (Math.abs(right) >= width || Math.abs(down) >= height) {
      throw new UsageError(
        `augment: expected to translate by less than the ${height} x ${width} pixels of an image, ` +
          `got ${down} down and ${right} right; choose a smaller \`by\``,
      );
    }
    for (let c = 0; c < channels; c++) {
      const first = (b * channels + c) * height * width;
      for (let row = 0; row < height; row++) {
        const to = first + row * width;
        const from = first + reflected(row + down, height) * width;
        for (let column = 0; column < width; column++) {
          data[to + column] = x.data[from + reflected(column + right, width)]!;
        }
      }
    }
  }
  return { shape: x.shape, data };
}

/** Offsets uniform among the whole numbers of ±by, along each axis. */
export function drawOffsets(by: number, count: number, random: Random, first: number): Offset[] {
  if (!(Number.isInteger(by) && by >= 0)) {
    throw new UsageError(
      `augment: expected to translate by whole pixels, got ${by}; choose another \`by\`, such as 4`,
    );
  }
  const drawn = random.integers(2 * count, 2 * by + 1, 2 * first);
  return Array.from({ length: count }, (_, b) => ({
    right: drawn[2 * b]! - by,
    down: drawn[2 * b + 1]! - by,
  }));
}

function reflected(i: number, n: number): number {
  if (i < 0) return -i;
  return i < n ? i : 2 * (n - 1) - i;
}
