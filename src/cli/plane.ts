import { z } from "zod";
import type { Random } from "../random.js";
import type { AnyRunner } from "../runner/index.js";
import { ndarray, type NDArray, type NumberArray } from "../tree.js";
import { measured } from "./measured.js";
import { densityImage, logPeak, scatterImage } from "./pictures/density.js";
import type { Bounds } from "./pictures/plane.js";
import { encodeRgb } from "./pictures/png.js";
import { sideBySide } from "./pictures/raster.js";
import { warpedGridImage, warpedGridSvg } from "./pictures/warped-grid.js";
import { deviation, mean } from "./statistics.js";

export const planeSchema = z.object({
  /** Of the density over a square about the origin. */
  integral: measured,
  /** Of that square. */
  side: z.number(),
});

/** What a 2-D density is as a whole. */
export type Plane = Readonly<z.output<typeof planeSchema>>;

/** A 2-D density on show. */
export interface PlanePictures extends Plane {
  /** Data, learned density, samples and warped grid, as a PNG. */
  readonly panels: Uint8Array;
  readonly grid: string;
}

/** Where the densities live, and a square around it that holds what they leak. */
const view: Bounds = { x: [-4, 4], y: [-4, 4] };
const reach = 6;
/** Cells along a side of that square; the view is the middle two thirds. */
const cells = 240;
const viewCells = 160;
const panelSize = 480;
const shown = 20_000;

/** @param points `[n, 2]` of the data. */
export async function planePictures(
  runner: AnyRunner,
  points: NDArray,
  random: Random,
): Promise<PlanePictures> {
  const { logProb } = await runner.score(gridPoints(), { random });
  const all = ndarray(logProb.data, [cells, cells]);
  const density = middle(all);
  const samples = await runner.sample(shown, { random: random.split("samples") });
  const peak = logPeak(density);
  const lines = await warpedLines(runner, points);
  const warped = { lines, bounds: view, size: panelSize };
  const scatter = { bounds: view, size: panelSize, bins: 80, peak };
  const area = ((2 * reach) / cells) ** 2;
  return {
    panels: encodeRgb(
      sideBySide([
        scatterImage(points, scatter),
        densityImage(density, { size: panelSize, peak }),
        scatterImage(samples, scatter),
        warpedGridImage(warped),
      ]),
    ),
    grid: warpedGridSvg(warped),
    side: 2 * reach,
    integral: all.data.reduce((sum, value) => sum + Math.exp(value) * area, 0),
  };
}

/** Samples of a 2-D density as a PNG. */
export function samplesImage(samples: NumberArray): Uint8Array {
  return encodeRgb(scatterImage(samples, { bounds: view, size: panelSize, bins: 80 }));
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
  const rows = Array.from({ length: viewCells }, (_, i) => {
    const start = (i + margin) * cells + margin;
    return data.subarray(start, start + viewCells);
  });
  const cut = new Float32Array(viewCells * viewCells);
  rows.forEach((row, i) => {
    cut.set(row, i * viewCells);
  });
  return ndarray(cut, [viewCells, viewCells]);
}

/** A regular grid over the latents of the data, brought back by the inverse. */
async function warpedLines(runner: AnyRunner, points: NDArray): Promise<NDArray[]> {
  const z = await runner.forward(points);
  const [x, y] = [axisOf(z, 0), axisOf(z, 1)];
  const linesPerAxis = 25;
  const pointsPerLine = 200;
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
