import type { Grid } from "../parts/layers.js";

/** The square of the plane that pictures show, along each axis. */
export const view = [-4, 4] as const;

/** What a forward pass shows of a density of the plane. */
export interface ForwardPicture {
  /** log p in nats on a grid. */
  readonly density: Grid;
  /** A regular grid of the data's plane, mapped to the latent one: lines x, y, x, y, … */
  readonly warped: readonly ArrayLike<number>[];
  /** Held-out points mapped to the latent plane. */
  readonly latents: ArrayLike<number>;
  /** Mean of −log p over the held-out points, in nats. */
  readonly heldOut: number;
}

/** What the inverse shows of it. */
export interface InversePicture {
  /** Draws of the density. */
  readonly samples: ArrayLike<number>;
  /** A regular grid of the latent plane, mapped to the data's. */
  readonly warped: readonly ArrayLike<number>[];
  /** Share of all these points whose inverse didn't converge. */
  readonly failed: number;
}

/** All of a density. */
export interface Pictures {
  readonly forward: ForwardPicture;
  readonly inverse: InversePicture;
}

const linesPerAxis = 17;
const pointsPerLine = 49;

/** The points of a regular grid's lines, one line after another: across and upwards from the centre. */
export function gridPoints(
  centre: readonly [number, number],
  reach: readonly [number, number],
): Float32Array {
  const points: number[] = [];
  const along = (i: number, count: number): number => (2 * i) / (count - 1) - 1;
  for (const axis of [0, 1] as const) {
    for (let k = 0; k < linesPerAxis; k++) {
      for (let i = 0; i < pointsPerLine; i++) {
        const [fixed, moving] = [along(k, linesPerAxis), along(i, pointsPerLine)];
        const [x, y] = axis === 0 ? [fixed, moving] : [moving, fixed];
        points.push(centre[0] + reach[0] * x, centre[1] + reach[1] * y);
      }
    }
  }
  return Float32Array.from(points);
}

/** Lines cut from what became of {@link gridPoints}. */
export function linesOf(points: Float32Array): Float32Array[] {
  return Array.from({ length: 2 * linesPerAxis }, (_, line) =>
    points.slice(2 * line * pointsPerLine, 2 * (line + 1) * pointsPerLine),
  );
}

/** Centres of a square grid's cells, row by row from the lowest y. */
export function cellCentres(side: number): Float32Array {
  const at = (i: number): number => view[0] + ((view[1] - view[0]) * (i + 0.5)) / side;
  const points = new Float32Array(2 * side * side);
  for (let i = 0; i < side * side; i++) {
    points[2 * i] = at(i % side);
    points[2 * i + 1] = at(Math.floor(i / side));
  }
  return points;
}

/** Mean and deviation of each coordinate. */
export function spread(points: ArrayLike<number>): {
  readonly mean: [number, number];
  readonly deviation: [number, number];
} {
  const n = points.length / 2;
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < points.length; i++) {
    sums[i % 2]! += points[i]!;
    sums[2 + (i % 2)]! += points[i]! ** 2;
  }
  const mean = [sums[0]! / n, sums[1]! / n] as [number, number];
  const deviation = [0, 1].map((i) => Math.sqrt(sums[2 + i]! / n - mean[i]! ** 2));
  return { mean, deviation: deviation as [number, number] };
}
