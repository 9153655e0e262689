import { ShapeError } from "../errors.js";
import type { NDArray } from "../tree.js";
import { colorOf } from "./color-map.js";
import { blankRaster, type Raster } from "./raster.js";

/**
 * A density on a square grid, a pixel for each of its points, coloured by p / max p, y upwards. What is
 * not a number is gray.
 *
 * @param logProb `[n, n]` in nats, `logProb[i, j]` = log p(x_j, y_i), both coordinates ascending.
 * @throws {ShapeError} if the grid isn't a square.
 */
export function densityImage(logProb: NDArray): Raster {
  const n = logProb.shape[0] ?? 0;
  if (logProb.shape.length !== 2 || n === 0 || logProb.shape[1] !== n) {
    throw new ShapeError(`densityImage: expected [n, n] with n > 0, got [${logProb.shape}]`);
  }
  const peak = logPeak(logProb);
  const image = blankRaster(n, n, [0, 0, 0]);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      const color = colorOf(Math.exp(logProb.data[(n - 1 - row) * n + column]! - peak));
      image.data.set(color, 3 * (row * n + column));
    }
  }
  return image;
}

/** Largest finite log-density of a grid, in nats; 0 if there is none. */
export function logPeak(logProb: NDArray): number {
  const peak = logProb.data.reduce((a, b) => (Number.isFinite(b) ? Math.max(a, b) : a), -Infinity);
  return Number.isFinite(peak) ? peak : 0;
}
