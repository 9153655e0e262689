import { scaleLinear } from "d3-scale";
import { colorOf } from "./color-map.js";
import { Markup, markup, type Content } from "./markup.js";
import { embedded, pictureSvg, TITLE_HEIGHT } from "./picture.js";
import type { Bounds } from "./plane.js";
import { encodeRgb } from "./png.js";
import { scaleLabel, ticksOf } from "./ticks.js";

/** A part of the plane with its axes. */
export interface Panel {
  /** Names it in the picture's markup, for {@link panelContent}. */
  readonly name: string;
  readonly title: string;
  /** Drawn in the square of side {@link PANEL_UNITS}, and cut off at its edge. */
  readonly content: Content;
  readonly bounds: Bounds;
  readonly x: string;
  readonly y: string;
  /** What the colours of the content mean, from 0 to a largest value. */
  readonly colors?: { readonly label: string; readonly largest: number };
}

/** Side of a panel in the coordinates of its content. */
export const PANEL_UNITS = 1000;

const SIDE = 240;
const LEFT = 52;
const RIGHT = 14;
const BAR_RIGHT = 70;
const ABOVE = 30;
const BELOW = 46;

/** Panels in rows under one title, as self-contained SVG. */
export function panelsSvg(title: string, rows: readonly (readonly Panel[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => {
    const hasBar = rows.some((row) => row[column]?.colors);
    return LEFT + SIDE + (hasBar ? BAR_RIGHT : RIGHT);
  });
  const lefts = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width, 0));
  const height = ABOVE + SIDE + BELOW;
  return pictureSvg(
    {
      title,
      width: lefts.at(-1)! + widths.at(-1)!,
      height: TITLE_HEIGHT + rows.length * height,
    },
    rows.map((row, i) =>
      row.map((panel, j) => {
        const [left, top] = [lefts[j]! + LEFT, TITLE_HEIGHT + i * height + ABOVE];
        return markup`<g transform="translate(${left},${top})">${panelOf(panel)}</g>
`;
      }),
    ),
  );
}

function panelOf({ name, title, content, bounds, x, y, colors }: Panel): Markup {
  const across = scaleLinear().domain(bounds.x).range([0, SIDE]);
  const up = scaleLinear().domain(bounds.y).range([SIDE, 0]);
  return markup`
<text y="-9" font-weight="600">${title}</text>
${panelSquare(name, content, SIDE)}
<rect width="${SIDE}" height="${SIDE}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>
<g font-size="11" text-anchor="middle">${ticksOf(across, 5).map(
    ({ at, label }) => markup`
<path d="M${at},${SIDE}v4" stroke="currentColor"/><text x="${at}" y="${SIDE + 17}">${label}</text>`,
  )}
<text x="${SIDE / 2}" y="${SIDE + 34}" font-size="12">${x}</text></g>
<g font-size="11" text-anchor="end">${ticksOf(up, 5).map(
    ({ at, label }) => markup`
<path d="M0,${at}h-4" stroke="currentColor"/><text x="-8" y="${at + 4}">${label}</text>`,
  )}
<text x="-32" y="${SIDE / 2 + 4}" font-size="12">${y}</text></g>
${colors ? colorBar(colors) : ""}`;
}

/** The content of a panel, scaled to a side and cut off there. */
export function panelSquare(name: string, content: Content, side: number): Markup {
  return markup`<svg width="${side}" height="${side}" viewBox="0 0 ${PANEL_UNITS} ${PANEL_UNITS}"><!--${name}-->${content}<!--/${name}--></svg>`;
}

/** The content of a panel of a picture that {@link panelsSvg} drew; undefined if it has none of that name. */
export function panelContent(svg: string, name: string): Markup | undefined {
  const [start, end] = [`<!--${name}-->`, `<!--/${name}-->`];
  const [from, to] = [svg.indexOf(start), svg.indexOf(end)];
  return from < 0 || to < from ? undefined : new Markup(svg.slice(from + start.length, to));
}

/** A bar beside a panel from 0 to the largest value. */
function colorBar({ label, largest }: { label: string; largest: number }): Markup {
  const values = [0, largest / 2, largest];
  return markup`
${embedded(mapPng("up"), { x: SIDE + 10, y: 0, width: 12, height: SIDE })}
<g font-size="11">${values.map(
    (value, i) =>
      markup`<text x="${SIDE + 26}" y="${SIDE - (SIDE * i) / 2 + [0, 4, 9][i]!}">${scaleLabel(value)}</text>`,
  )}
<text x="${SIDE + 10}" y="-9" font-size="12">${label}</text></g>`;
}

/** The whole colour map as a strip of one pixel's width. */
export function mapPng(direction: "up" | "right"): Uint8Array {
  const colors = Array.from({ length: 256 }, (_, i) => colorOf(i / 255));
  const data = Uint8Array.from((direction === "up" ? colors.reverse() : colors).flat());
  const [width, height] = direction === "up" ? [1, 256] : [256, 1];
  return encodeRgb({ width, height, data });
}
