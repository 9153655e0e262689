import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from "d3-scale";
import { schemeTableau10 } from "d3-scale-chromatic";
import { line } from "d3-shape";
import { markup, type Markup } from "./markup.js";
import { isFinitePoint, type Point } from "./plane.js";

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
}

type Axis = ScaleContinuousNumeric<number, number>;

interface Tick {
  readonly at: number;
  readonly label: string;
}

const WIDTH = 560;
const HEIGHT = 340;
const RIGHT = WIDTH - 20;
const BOTTOM = HEIGHT - 48;
/** Mean width of a character of the labels. */
const CHARACTER = 6.7;
/** Readable on white and on black; a page overrides it with the CSS property `color`. */
const INK = "#757b85";
/** A series of at most this many points shows each of them. */
const DOTTED = 40;

/** Curves over one pair of axes as self-contained SVG, for light and for dark backgrounds. */
export function linePlot({ title, x, y, series }: LinePlot): string {
  const log = y.scale === "log";
  const shown = (point: Point): boolean => isFinitePoint(point) && (!log || point[1] > 0);
  const points = series.flatMap((one) => one.points.filter(shown));
  const legend = legendOf(series);

  const top = 62 + legend.height;
  const ys = points.map((point) => point[1]);
  const yAxis = (log ? logAxis(ys) : scaleLinear().domain(extent(ys)).nice(6)).range([BOTTOM, top]);
  const yTicks = ticksOf(yAxis, 6, log);
  const left = 22 + CHARACTER * Math.max(2, ...yTicks.map((tick) => tick.label.length));
  const xAxis = scaleLinear()
    .domain(extent(points.map((point) => point[0])))
    .range([left, RIGHT]);
  const xTicks = ticksOf(xAxis, 6, false);

  const place = ([px, py]: Point): Point => [xAxis(px), yAxis(py)];
  const curves = series.map((one, i) => {
    const gaps = one.points.map((point): Point => (shown(point) ? place(point) : [NaN, NaN]));
    return curveOf({ ...one, points: gaps }, colorAt(i));
  });

  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" color="${INK}" fill="currentColor" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="${title}">
<text x="16" y="26" font-size="15" font-weight="600">${title}</text>
${legend.items}
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
${points.length > 0 ? "" : markup`<text x="${WIDTH / 2}" y="${HEIGHT / 2}" text-anchor="middle">no data</text>`}
</svg>`.text;
}

/** One series, its points in pixels; not a number is a gap. */
function curveOf(series: Series, color: string): Markup {
  const path = line<Point>().defined(isFinitePoint).digits(1);
  const dotted = !series.dashed && series.points.length <= DOTTED;
  const dots = dotted ? series.points.filter(isFinitePoint) : [];
  return markup`<g stroke="${color}" fill="${color}">
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
    const item = markup`<path d="M${round(x)},${y - 4}h22" stroke="${colorAt(i)}" stroke-width="2.4"${dashes(one)}/>
<text x="${round(x + 28)}" y="${y}">${one.name}</text>
`;
    x += width;
    return item;
  });
  return { items, height: y - 26 };
}

function logAxis(values: readonly number[]): Axis {
  const [low, high] = extent(values.map(Math.log10));
  return scaleLog().domain([10 ** low, 10 ** high]);
}

/** Smallest and largest value, apart even if they are one; [0, 1] without values. */
function extent(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const pad = low === high ? Math.abs(low) / 10 || 0.5 : 0;
  return [low - pad, high + pad];
}

/** About `count` labelled positions. A log axis has more ticks, and labels some of them. */
function ticksOf(axis: Axis, count: number, log: boolean): Tick[] {
  const labelled = axis.tickFormat(count);
  const values = axis.ticks(count).filter((value) => labelled(value) !== "");
  const labels = tickLabels(values, log);
  return values.map((value, i) => ({ at: axis(value), label: labels[i] ?? "" }));
}

/** Plain numbers with equal decimals, or powers of ten where those get long. */
function tickLabels(ticks: readonly number[], log: boolean): string[] {
  const sizes = ticks.map(Math.abs).filter((size) => size > 0);
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  if (largest >= 1e6 || (log ? smallest : largest) < 1e-3) return ticks.map(powerOfTen);
  if (log && largest > 10 * smallest) {
    return ticks.map((tick) => tick.toLocaleString("en-US", { maximumSignificantDigits: 6 }));
  }
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const digits = Math.min(20, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return ticks.map((tick) =>
    tick.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
}

/** "10⁻⁶", "2×10⁻⁶". */
function powerOfTen(value: number): string {
  if (value === 0) return "0";
  const [digits = "", exponent = ""] = Number(value.toPrecision(4)).toExponential().split("e");
  const power = exponent
    .replace("+", "")
    .replace(/./g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".charAt("0123456789-".indexOf(digit)));
  return digits === "1" ? `10${power}` : `${digits}×10${power}`;
}

function dashes(series: Series): Markup {
  return series.dashed ? markup` stroke-dasharray="6 5"` : markup``;
}

function colorAt(index: number): string {
  return schemeTableau10[index % schemeTableau10.length]!;
}

function round(coordinate: number): string {
  return coordinate.toFixed(1);
}
