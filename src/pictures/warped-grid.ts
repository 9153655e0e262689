import { line } from "d3-shape";
import type { NumberArray } from "../tree.js";
import { markup, type Markup } from "./markup.js";
import { PANEL_UNITS } from "./panel.js";
import { isFinitePoint, pointsOf, toPixel, type Bounds, type Point } from "./plane.js";
import { straightened } from "./straightened.js";
import { seriesColor } from "./theme.js";

/** Furthest that a drawn line may be from the points it stands for, in a panel's units. */
const tolerance = 1;

/**
 * How a map bends a regular grid, as the content of a panel. Lines that were upright have one colour,
 * and those that lay have another.
 *
 * @param lines the images of the grid's lines, each `[m, 2]`, the upright ones before as many that lay;
 *   a point that isn't finite breaks its line
 * @throws {ShapeError} if a line is not `[m, 2]`.
 */
export function warpedGrid(lines: readonly NumberArray[], bounds: Bounds): Markup {
  const path = line<Point>().defined(isFinitePoint).digits(0);
  const half = Math.ceil(lines.length / 2);
  const strokes = [lines.slice(0, half), lines.slice(half)].map((some, i) => {
    const paths = some.map((vertices) => {
      const points = pointsOf(vertices, "warpedGrid: line");
      return (
        path(
          straightened(
            points.map((point) => onPanel(point, bounds)),
            tolerance,
          ),
        ) ?? ""
      );
    });
    return markup`<path d="${paths.join("")}"${seriesColor(i)} stroke="currentColor"/>`;
  });
  return markup`<g fill="none" stroke-width="4.5" stroke-linejoin="round">${strokes}</g>`;
}

/** Where a point lies in a panel; far outside is near enough outside for a number to stay short. */
function onPanel(point: Point, bounds: Bounds): Point {
  const [x, y] = toPixel(point, bounds, PANEL_UNITS);
  const far = 20 * PANEL_UNITS;
  return Math.abs(x) > far || Math.abs(y) > far ? [NaN, NaN] : [x, y];
}
