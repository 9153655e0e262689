import { line } from "d3-shape";
import type { NumberArray } from "../../tree.js";
import { colorOf } from "./color-map.js";
import { markup } from "./markup.js";
import { boundsOf, isFinitePoint, pointsOf, toPixel, type Bounds, type Point } from "./plane.js";
import { blankRaster, type Color, type Raster } from "./raster.js";

export interface WarpedGrid {
  /** The images of a regular grid's lines, each `[m, 2]`; a non-finite point breaks its line. */
  readonly lines: readonly NumberArray[];
  /** `[n, 2]`, drawn over the lines. */
  readonly points?: NumberArray;
  /** By default a square around everything. */
  readonly bounds?: Bounds;
  /** Pixels along each side. */
  readonly size?: number;
}

const LINE_WIDTH = 1.3;
const DOT_RADIUS = 1.3;
const WHITE: Color = [255, 255, 255];

/**
 * How a flow bends a regular grid, as SVG.
 * @throws {ShapeError} if a line or the points are not `[m, 2]`.
 */
export function warpedGridSvg(grid: WarpedGrid): string {
  const { size, lines, points } = toPixels(grid);
  const path = line<Point>().defined(isFinitePoint).digits(1);
  const strokes = lines.map(
    (vertices, i) =>
      markup`<path d="${path(vertices) ?? ""}" stroke="rgb(${lineColor(i, lines.length).join()})"/>`,
  );
  const dots = points.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join("");
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="${size}" height="${size}" role="img" aria-label="Warped grid">
<rect width="${size}" height="${size}" rx="6" fill="rgb(${colorOf(0).join()})"/>
<g fill="none" stroke-width="${LINE_WIDTH}" stroke-linejoin="round">${strokes}</g>
<path d="${dots}" stroke="#fff" stroke-width="${2 * DOT_RADIUS}" stroke-linecap="round"/>
</svg>`.text;
}

/**
 * How a flow bends a regular grid, in pixels.
 * @throws {ShapeError} if a line or the points are not `[m, 2]`.
 */
export function warpedGridImage(grid: WarpedGrid): Raster {
  const { size, lines, points } = toPixels(grid);
  const image = blankRaster(size, size, colorOf(0));
  lines.forEach((vertices, i) => {
    const color = lineColor(i, lines.length);
    for (let k = 1; k < vertices.length; k++) {
      stroke(image, vertices[k - 1]!, vertices[k]!, { radius: LINE_WIDTH / 2, color });
    }
  });
  for (const point of points) stroke(image, point, point, { radius: DOT_RADIUS, color: WHITE });
  return image;
}

/** Neighbouring lines have similar colours, all of them bright enough on black. */
function lineColor(index: number, count: number): Color {
  return colorOf(0.4 + (0.5 * index) / Math.max(1, count - 1));
}

function toPixels({ lines, points, bounds, size = 360 }: WarpedGrid): {
  size: number;
  lines: Point[][];
  points: Point[];
} {
  const paths = lines.map((vertices) => pointsOf(vertices, "warpedGrid: line"));
  const dots = points ? pointsOf(points, "warpedGrid: points") : [];
  const view = bounds ?? boundsOf([...paths.flat(), ...dots]);
  const project = (point: Point): Point => toPixel(point, view, size);
  return {
    size,
    lines: paths.map((vertices) => vertices.map(project)),
    points: dots.filter(isFinitePoint).map(project),
  };
}

/** Paints the pixels within `radius` of the segment from a to b, with a soft edge. */
function stroke(
  image: Raster,
  a: Point,
  b: Point,
  { radius, color }: { radius: number; color: Color },
): void {
  if (!isFinitePoint(a) || !isFinitePoint(b)) return;
  const reach = radius + 1;
  const [left, right] = pixelRange(a[0], b[0], reach, image.width);
  const [top, bottom] = pixelRange(a[1], b[1], reach, image.height);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const opacity = Math.min(1, radius + 0.5 - distance([x + 0.5, y + 0.5], a, b));
      if (opacity <= 0) continue;
      const at = 3 * (y * image.width + x);
      for (let c = 0; c < 3; c++) {
        image.data[at + c]! += opacity * (color[c]! - image.data[at + c]!);
      }
    }
  }
}

function pixelRange(a: number, b: number, reach: number, size: number): [number, number] {
  const low = Math.floor(Math.min(a, b) - reach);
  const high = Math.ceil(Math.max(a, b) + reach);
  return [Math.max(0, low), Math.min(size, high)];
}

/** From a point to the segment from a to b. */
function distance([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}
