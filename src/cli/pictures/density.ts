import { ShapeError } from "../../errors.js";
import { ndarray, type NDArray, type NumberArray } from "../../tree.js";
import { colorOf } from "./color-map.js";
import { pointsOf, type Bounds } from "./plane.js";
import { blankRaster, type Raster } from "./raster.js";

export interface DensityOptions {
  /** Pixels along each side. */
  readonly size?: number;
  /** Log-density of the brightest colour, in nats; by default the grid's own {@link logPeak}. */
  readonly peak?: number;
}

/**
 * A density on a square grid, coloured by p / max p, y upwards. Equal `peak`s make pictures
 * comparable. What is not a number is gray.
 *
 * @param logProb `[n, n]` in nats, `logProb[i, j]` = log p(x_j, y_i), both coordinates ascending.
 * @throws {ShapeError} if the grid isn't a square.
 */
export function densityImage(logProb: NDArray, options: DensityOptions = {}): Raster {
  const n = logProb.shape[0] ?? 0;
  if (logProb.shape.length !== 2 || n === 0 || logProb.shape[1] !== n) {
    throw new ShapeError(`densityImage: expected [n, n] with n > 0, got [${logProb.shape}]`);
  }
  const { size = 360, peak = logPeak(logProb) } = options;
  const image = blankRaster(size, size, [0, 0, 0]);
  for (let row = 0; row < size; row++) {
    const i = n - 1 - Math.floor((row * n) / size);
    for (let column = 0; column < size; column++) {
      const j = Math.floor((column * n) / size);
      const color = colorOf(Math.exp(logProb.data[i * n + j]! - peak));
      image.data.set(color, 3 * (row * size + column));
    }
  }
  return image;
}

/** Largest finite log-density of a grid, in nats; 0 if there is none. */
export function logPeak(logProb: NDArray): number {
  const peak = logProb.data.reduce((a, b) => (Number.isFinite(b) ? Math.max(a, b) : a), -Infinity);
  return Number.isFinite(peak) ? peak : 0;
}

export interface ScatterOptions extends DensityOptions {
  readonly bounds: Bounds;
  /** Cells along each side. */
  readonly bins?: number;
}

/**
 * Points as a 2-D histogram in the colours of {@link densityImage}.
 *
 * @param points `[n, 2]`.
 * @throws {ShapeError} for another shape.
 */
export function scatterImage(points: NumberArray, options: ScatterOptions): Raster {
  const { bounds, bins = 90, ...picture } = options;
  return densityImage(logHistogram(points, bounds, bins), picture);
}

/**
 * log(count / (n · cell area)) in each of bins² cells, in nats: the log-density the points
 * suggest, as {@link densityImage} takes it. Points outside the bounds count in n only.
 *
 * @param points `[n, 2]`.
 * @throws {ShapeError} for another shape.
 */
export function logHistogram(points: NumberArray, { x, y }: Bounds, bins: number): NDArray {
  const counts = new Float32Array(bins * bins);
  const all = pointsOf(points, "logHistogram: points");
  for (const point of all) {
    const j = Math.floor((bins * (point[0] - x[0])) / (x[1] - x[0]));
    const i = Math.floor((bins * (point[1] - y[0])) / (y[1] - y[0]));
    if (i >= 0 && i < bins && j >= 0 && j < bins) counts[i * bins + j]! += 1;
  }
  const unit = (Math.max(1, all.length) * (x[1] - x[0]) * (y[1] - y[0])) / (bins * bins);
  return ndarray(
    counts.map((count) => Math.log(count / unit)),
    [bins, bins],
  );
}
