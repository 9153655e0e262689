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
  /** Of the density over a square about the origin. */
  integral: jsonNumber,
  /** Of that square. */
  side: z.number(),
});

/** What a 2-D density is as a whole. */
export type Plane = Readonly<z.output<typeof planeSchema>>;

/** A 2-D density as numbers to draw. */
export interface MeasuredPlane extends Plane {
  /** Half the side of the square that is shown, about the origin. */
  readonly view: number;
  /** log p in nats on a grid over the view, `[rows, columns]`, the lowest y first. */
  readonly density: NDArray;
  /** `[20000, 2]` */
  readonly samples: NumberArray;
  /** Lines of a regular grid of the latent space, brought back by the inverse, `[points, 2]` each. */
  readonly lines: readonly NumberArray[];
}

/** Where the densities live, and a square around it that holds what they leak. */
const view = 4;
const reach = 6;
/** Cells along a side of that square; the view is the middle two thirds. */
const cells = 240;
const viewCells = 160;
const drawn = 20_000;
const linesPerAxis = 25;
const pointsPerLine = 200;

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
  const area = ((2 * reach) / cells) ** 2;
  return {
    view,
    density: middle(logProb),
    samples,
    lines: await warpedLines(runner, points),
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

/** A regular grid over the latents of the data, brought back by the inverse. */
async function warpedLines(runner: Runner, points: NumberArray): Promise<NumberArray[]> {
  const z = await runner.forward(points);
  const [x, y] = [axisOf(z, 0), axisOf(z, 1)];
  const along = (i: number, n: number): number => (6 * i) / (n - 1) - 3;
  const data: number[] = [];
  for (const isVertical of [true, false]) {
    for (let k = 0; k < linesPerAxis; k++) {
      for (let i = 0; i < pointsPerLine; i++) {
        const [fixed, moving] = [along(k, linesPerAxis), along(i, pointsPerLine)];
        const [across, up] = isVertical ? [fixed, moving] : [moving, fixed];
        data.push(x.mean + x.deviation * across, y.mean + y.deviation * up);
      }
    }
  }
  const back = await runner.inverse(ndarray(data, [data.length / 2, 2]));
  return Array.from({ length: 2 * linesPerAxis }, (_, line) => {
    const start = 2 * pointsPerLine * line;
    return ndarray(back.data.slice(start, start + 2 * pointsPerLine), [pointsPerLine, 2]);
  });
}

function axisOf({ data }: NDArray, axis: 0 | 1): { mean: number; deviation: number } {
  const values = data.filter((_, i) => i % 2 === axis);
  return { mean: mean(values), deviation: deviation(values) };
}
