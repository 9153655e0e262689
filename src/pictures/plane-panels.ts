import type { MeasuredPlane } from "../measure/index.js";
import type { NumberArray } from "../tree.js";
import { densityImage, logPeak, scatterImage } from "./density.js";
import type { Bounds } from "./plane.js";
import { sideBySide, type Raster } from "./raster.js";
import { warpedGridImage, warpedGridSvg } from "./warped-grid.js";

const panelSize = 480;
const bins = 80;

/**
 * A 2-D density on show: data, learned density, samples and warped grid side by side, and the grid
 * alone as SVG.
 *
 * @param plane what was measured of the density
 * @param points `[n, 2]` of the data
 */
export function planePanels(
  { view, density, samples, lines }: MeasuredPlane,
  points: NumberArray,
): { readonly panels: Raster; readonly grid: string } {
  const bounds: Bounds = { x: [-view, view], y: [-view, view] };
  const peak = logPeak(density);
  const warped = { lines, bounds, size: panelSize };
  const scatter = { bounds, size: panelSize, bins, peak };
  return {
    panels: sideBySide([
      scatterImage(points, scatter),
      densityImage(density, { size: panelSize, peak }),
      scatterImage(samples, scatter),
      warpedGridImage(warped),
    ]),
    grid: warpedGridSvg(warped),
  };
}

/** Points of the plane, `[n, 2]`, as a histogram. */
export function pointsPanel(points: NumberArray): Raster {
  const bounds: Bounds = { x: [-4, 4], y: [-4, 4] };
  return scatterImage(points, { bounds, size: panelSize, bins });
}
