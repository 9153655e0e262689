import { expectArray } from "../border/arrays.js";
import { expectKind } from "../border/kinds.js";
import * as z from "zod";
import type { Random } from "../random.js";
import type { Runner } from "../runner/index.js";
import { ndarray, type NDArray, type NumberArray } from "../tree.js";
import { jsonNumber } from "./json-number.js";
import { deviation, mean } from "./statistics.js";

/** What a file of a plane holds. */
export const planeSchema = z.object({
  /** The integral of the density over a square about the origin. */
  integral: jsonNumber,
  /** The side of that square. */
  side: z.number(),
});

/** A figure of a 2-D density as a whole. */
export type Plane = Readonly<z.output<typeof planeSchema>>;

/** A 2-D density as numbers to draw. */
export interface MeasuredPlane extends Plane {
  /** Half the side of the square that is shown, about the origin. */
  readonly view: number;
  /** log p in nats on a grid over the view, `[rows, columns]`, the lowest y first. */
  readonly density: NDArray;
  /** `[2500, 2]` */
  readonly samples: NumberArray;
  /** Half the side of a square about the origin that holds nearly all latents of the data. */
  readonly latentView: number;
  /** Latents of the data, `[n, 2]`. */
  readonly latents: NumberArray;
  /** Lines of a regular grid over the view, mapped to the latent space, `[points, 2]` each. */
  readonly toLatent: readonly NumberArray[];
  /** Lines of a regular grid of the latent space, brought back by the inverse, `[points, 2]` each. */
  readonly toData: readonly NumberArray[];
}

type AnyNDArray = NDArray<Float32Array | Float64Array>;

/** Where the densities live, and a square around it that holds what they leak. */
const view = 4;
const reach = 6;
/** Cells along a side of that square; the view is the middle two thirds. */
const cells = 240;
const viewCells = 160;
const drawn = 2_500;
const linesPerAxis = 25;
const pointsPerLine = 250;
/** Part of the latents' coordinates that lie in the latent view. */
const most = 0.999;

/**
 * Scores a grid about the origin, samples, and bends a latent grid back to the data.
 *
 * @param runner of a density of shape `[2]`
 * @param points `[n, 2]` of the data, whose latents the grid covers to ±3 deviations
 * @param random source of the samples
 */
export async function measurePlane(
  runner: Runner,
  points: NumberArray,
  random: Random,
): Promise<MeasuredPlane> {
  expectKind(runner, "runner", "measurePlane");
  expectKind(random, "random", "measurePlane");
  expectArray(points, { where: "measurePlane", name: "points", event: [2] });
  const { logProb } = await runner.score(gridPoints(), { random });
  const samples = await runner.sample(drawn, { random: random.split("samples") });
  const latents = await runner.forward(points);
  const area = ((2 * reach) / cells) ** 2;
  return {
    view,
    density: middle(logProb),
    samples,
    latents,
    latentView: viewOf(latents),
    toLatent: cutInLines(await runner.forward(gridLines([0, 1].map(() => [-view, view])))),
    toData: cutInLines(
      await runner.inverse(gridLines([0, 1].map((axis) => spanOf(latents, axis)))),
    ),
    side: 2 * reach,
    integral: logProb.data.reduce((sum, value) => sum + Math.exp(value) * area, 0),
  };
}

/** Centres of the square's cells, row by row from the lowest y. */
function gridPoints(): NDArray {
  const at = (i: number): number => (2 * reach * (i + 0.5)) / cells - reach;
  const data = new Float32Array(2 * cells * cells);
  for (let i = 0; i < cells * cells; i++) {
    data[2 * i] = at(i % cells);
    data[2 * i + 1] = at(Math.floor(i / cells));
  }
  return ndarray(data, [cells * cells, 2]);
}

function middle({ data }: NDArray): NDArray {
  const margin = (cells - viewCells) / 2;
  const cut = new Float32Array(viewCells * viewCells);
  for (let row = 0; row < viewCells; row++) {
    const start = (row + margin) * cells + margin;
    cut.set(data.subarray(start, start + viewCells), row * viewCells);
  }
  return ndarray(cut, [viewCells, viewCells]);
}

/** Points along the lines of a regular grid over a rectangle, the upright ones before those that lie. */
function gridLines([across = [], up = []]: readonly (readonly number[])[]): NDArray {
  const along = ([low = 0, high = 0]: readonly number[], i: number, n: number): number =>
    low + ((high - low) * i) / (n - 1);
  const data: number[] = [];
  for (const isUpright of [true, false]) {
    for (let k = 0; k < linesPerAxis; k++) {
      for (let i = 0; i < pointsPerLine; i++) {
        if (isUpright) data.push(along(across, k, linesPerAxis), along(up, i, pointsPerLine));
        else data.push(along(across, i, pointsPerLine), along(up, k, linesPerAxis));
      }
    }
  }
  return ndarray(data, [data.length / 2, 2]);
}

function cutInLines({ data }: AnyNDArray): NumberArray[] {
  return Array.from({ length: 2 * linesPerAxis }, (_, line) => {
    const start = 2 * pointsPerLine * line;
    return ndarray(data.slice(start, start + 2 * pointsPerLine), [pointsPerLine, 2]);
  });
}

/** Three deviations about the mean of one axis. */
function spanOf({ data }: AnyNDArray, axis: number): readonly number[] {
  const values = data.filter((_, i) => i % 2 === axis);
  const [middle, reach] = [mean(values), 3 * deviation(values)];
  return [middle - reach, middle + reach];
}

function viewOf({ data }: NumberArray): number {
  const sizes = Float64Array.from(data, Math.abs).filter(Number.isFinite).sort();
  return Math.max(1, Math.ceil(sizes[Math.floor(most * (sizes.length - 1))] ?? 1));
}
