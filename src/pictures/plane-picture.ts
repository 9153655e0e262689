import type { MeasuredPlane } from "../measure/index.js";
import type { NumberArray } from "../tree.js";
import { densityImage, logPeak } from "./density.js";
import { dots } from "./dots.js";
import { PANEL_UNITS, panelsSvg, type Panel } from "./panel.js";
import { embedded } from "./picture.js";
import { pointsOf, type Bounds } from "./plane.js";
import { encodeRgb } from "./png.js";
import { warpedGrid } from "./warped-grid.js";

const data = { x: "x₁", y: "x₂" };
const latent = { x: "z₁", y: "z₂" };

/**
 * A 2-D density on show: the data, the learned density and its samples; below them the latents of the
 * data, a grid that the model maps from data to latent, and one that its inverse maps back.
 *
 * @param title names model and data
 * @param plane what was measured of the density
 * @param points `[n, 2]` of the data
 */
export function planePicture(title: string, plane: MeasuredPlane, points: NumberArray): string {
  const view = squareOf(plane.view);
  const latentView = squareOf(plane.latentView);
  const panel = (name: string, title: string, content: Panel["content"]): Panel => ({
    ...{ name, title, content, bounds: view },
    ...data,
  });
  const latentPanel = (name: string, title: string, content: Panel["content"]): Panel => ({
    ...{ name, title, content, bounds: latentView },
    ...latent,
  });
  const density = embedded(encodeRgb(densityImage(plane.density)), {
    ...{ x: 0, y: 0 },
    ...{ width: PANEL_UNITS, height: PANEL_UNITS },
  });
  const colors = { label: "p(x)", largest: Math.exp(logPeak(plane.density)) };
  return panelsSvg(title, [
    [
      panel("data", "Data", dots(points, view)),
      { ...panel("density", "Learned density, per unit area", density), colors },
      panel("samples", "Samples of the model", dots(plane.samples, view)),
    ],
    [
      latentPanel("latents", "Latents of the data, z = f(x)", dots(plane.latents, latentView)),
      latentPanel(
        "to-latent",
        "Data to latent: a grid, after f",
        warpedGrid(plane.toLatent, latentView),
      ),
      panel("to-data", "Latent to data: a grid, after f⁻¹", warpedGrid(plane.toData, view)),
    ],
  ]);
}

/** Points of the plane, `[n, 2]`. */
export function pointsPicture(title: string, points: NumberArray): string {
  const bounds = squareOf(4);
  const all = pointsOf(points, "pointsPicture: points");
  const outside = all.filter((at) => !at.every((coordinate) => Math.abs(coordinate) <= 4)).length;
  const panel = {
    name: "samples",
    title: `${all.length} points${outside > 0 ? `, ${outside} of them outside` : ""}`,
    content: dots(points, bounds),
  };
  return panelsSvg(title, [[{ ...panel, bounds, ...data }]]);
}

function squareOf(reach: number): Bounds {
  return { x: [-reach, reach], y: [-reach, reach] };
}
