import type { NumberArray } from "../tree.js";
import { markup, type Markup } from "./markup.js";
import { PANEL_UNITS } from "./panel.js";
import { pointsOf, toPixel, type Bounds } from "./plane.js";
import { seriesColor } from "./theme.js";

/** Dots that show where points are dense, and leave a picture small. */
const most = 2500;

/**
 * Points as dots, as the content of a panel; of many points some, evenly spread. Those outside are
 * left out.
 *
 * @param points `[n, 2]`
 * @param color place of the colour among those of series
 * @throws {ShapeError} for points of another shape.
 */
export function dots(points: NumberArray, bounds: Bounds, color = 0): Markup {
  const all = pointsOf(points, "dots: points");
  const every = Math.max(1, all.length / most);
  const shown = Array.from({ length: Math.min(most, all.length) }, (_, i) =>
    toPixel(all[Math.floor(i * every)]!, bounds, PANEL_UNITS).map(Math.round),
  );
  const path = shown
    .filter((place) => place.every((at) => at >= 0 && at <= PANEL_UNITS))
    .map(([x, y]) => `M${x},${y}h0`);
  return markup`<path d="${path.join("")}"${seriesColor(color)} stroke="currentColor" stroke-width="9" stroke-linecap="round" stroke-opacity="0.8"/>`;
}
