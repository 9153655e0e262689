import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { markup, type Markup } from "./markup.js";
import { CHARACTER, pictureSvg, round } from "./picture.js";
import { isFinitePoint, type Point } from "./plane.js";
import { seriesColor } from "./theme.js";
import { extent, logAxis, ticksOf } from "./ticks.js";

export interface LinePlot {
  readonly title: string;
  /** Labels name the unit: "step", "loss (nats)". */
  readonly x: { readonly label: string };
  readonly y: { readonly label: string; readonly scale?: "linear" | "log" };
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  /** Joined in this order; a point without a place on the scales leaves a gap. */
  readonly points: readonly Point[];
  /** For a bound or a reference. */
  readonly dashed?: boolean;
  /** Place of its colour among those of series; its own place unless given. */
  readonly color?: number;
}

const WIDTH = 560;
const HEIGHT = 340;
const RIGHT = WIDTH - 20;
const BOTTOM = HEIGHT - 48;
/** A series of at most this many points shows each of them. */
const DOTTED = 40;

/** Curves over one pair of axes as self-contained SVG. */
export function linePlot({ title, x, y, series }: LinePlot): string {
  const log = y.scale === "log";
  const shown = (point: Point): boolean => isFinitePoint(point) && (!log || point[1] > 0);
  const points = series.flatMap((one) => one.points.filter(shown));
  const legend = legendOf(series);

  const top = 62 + legend.height;
  const ys = points.map((point) => point[1]);
  const yAxis = (log ? logAxis(ys) : scaleLinear().domain(extent(ys)).nice(6)).range([BOTTOM, top]);
  const yTicks = ticksOf(yAxis, 6, { log });
  const left = 22 + CHARACTER * Math.max(2, ...yTicks.map((tick) => tick.label.length));
  const xAxis = scaleLinear()
    .domain(extent(points.map((point) => point[0])))
    .range([left, RIGHT]);
  const xTicks = ticksOf(xAxis, 6);

  const place = ([px, py]: Point): Point => [xAxis(px), yAxis(py)];
  const curves = series.map((one, i) => {
    const gaps = one.points.map((point): Point => (shown(point) ? place(point) : [NaN, NaN]));
    return curveOf({ ...one, points: gaps }, seriesColor(one.color ?? i));
  });

  return pictureSvg(
    { title, width: WIDTH, height: HEIGHT },
    markup`${legend.items}
<text x="16" y="${top - 16}">${y.label}</text>
<text x="${RIGHT}" y="${HEIGHT - 10}" text-anchor="end">${x.label}</text>
<g font-size="11" text-anchor="end">${yTicks.map(
      ({ at, label }) => markup`
<path d="M${round(left)},${round(at)}H${RIGHT}" stroke="currentColor" stroke-opacity="0.22"/>
<text x="${round(left - 7)}" y="${round(at + 4)}">${label}</text>`,
    )}
</g>
<g font-size="11" text-anchor="middle">${xTicks.map(
      ({ at, label }) => markup`
<path d="M${round(at)},${BOTTOM}v5" stroke="currentColor"/>
<text x="${round(at)}" y="${BOTTOM + 18}">${label}</text>`,
    )}
</g>
<path d="M${round(left)},${BOTTOM}H${RIGHT}" stroke="currentColor"/>
${curves}
${points.length > 0 ? "" : markup`<text x="${WIDTH / 2}" y="${HEIGHT / 2}" text-anchor="middle">no data</text>`}`,
  );
}

/** One series, its points in pixels; not a number is a gap. */
function curveOf(series: Series, color: Markup): Markup {
  const path = line<Point>().defined(isFinitePoint).digits(1);
  const dotted = !series.dashed && series.points.length <= DOTTED;
  const dots = dotted ? series.points.filter(isFinitePoint) : [];
  return markup`<g${color} stroke="currentColor" fill="currentColor">
<path d="${path(series.points) ?? ""}" fill="none" stroke-width="1.8" stroke-linejoin="round" stroke-linecap="round"${dashes(series)}/>
${dots.map(([x, y]) => markup`<circle cx="${round(x)}" cy="${round(y)}" r="2.2"/>`)}
</g>
`;
}

/** Names with a stroke of their colour, as many in a row as fit; nothing for a single series. */
function legendOf(series: readonly Series[]): { items: Markup[]; height: number } {
  if (series.length < 2) return { items: [], height: 0 };
  let x = 16;
  let y = 48;
  const items = series.map((one, i) => {
    const width = 46 + CHARACTER * one.name.length;
    if (x > 16 && x + width > WIDTH) {
      x = 16;
      y += 20;
    }
    const item = markup`<path d="M${round(x)},${y - 4}h22"${seriesColor(one.color ?? i)} stroke="currentColor" stroke-width="2.4"${dashes(one)}/>
<text x="${round(x + 28)}" y="${y}">${one.name}</text>
`;
    x += width;
    return item;
  });
  return { items, height: y - 26 };
}

function dashes(series: Series): Markup {
  return series.dashed ? markup` stroke-dasharray="6 5"` : markup``;
}
