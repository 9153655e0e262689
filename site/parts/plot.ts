import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from "d3-scale";
import { viridisGradient } from "./colors.js";
import { html } from "./html.js";
import { superscript } from "./scientific.js";

type Scale = ScaleContinuousNumeric<number, number>;
export type Interval = readonly [low: number, high: number];

export interface AxisOptions {
  /** What it measures, with its unit: "loss (nats)". */
  readonly label: string;
  readonly domain: Interval;
  readonly scale?: "linear" | "log";
}

export interface PlotOptions {
  readonly title: string;
  readonly x: AxisOptions;
  readonly y: AxisOptions;
  /** Height by width between the axes; 1 unless given. Narrow pictures are higher. */
  readonly aspect?: number;
  /** A scale of colours below, with what it measures. */
  readonly colors?: { readonly label: string; readonly domain: Interval };
}

/** Where a layer draws: data to pixels of the canvas' own coordinates. */
export interface Frame {
  readonly context: CanvasRenderingContext2D;
  readonly x: Scale;
  readonly y: Scale;
  /** A colour of the theme by its custom property, such as `--series-1`. */
  readonly color: (name: string) => string;
}

/** Draws within the axes. */
export type Layer = (frame: Frame) => void;

export interface Plot {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  /** Replaces what is drawn, and the axes where they are given. */
  draw(layers: readonly Layer[], axes?: Partial<Pick<PlotOptions, "x" | "y" | "colors">>): void;
  /** What the picture shows, in words, for a screen reader. */
  describe(text: string): void;
  /** Data coordinates of a pointer. */
  locate(event: { readonly clientX: number; readonly clientY: number }): [x: number, y: number];
}

const margin = { left: 50, top: 34, bottom: 42, right: 12 };
/** Pixels between the axes that a low picture has at least: less is no picture on a phone. */
const leastHeight = 170;
const bar = { top: 46, height: 10, room: 34 } as const;

/** A picture with a title, axes with units and a scale of colours, as sharp as the screen. */
export function createPlot(options: PlotOptions): Plot {
  const canvas = html("canvas", { role: "img", "aria-label": options.title });
  const element = html("figure", { class: "plot" }, canvas);
  let shown: PlotOptions = options;
  let layers: readonly Layer[] = [];
  let frame: Frame | undefined;
  const redraw = (): void => {
    frame = paint(canvas, element.clientWidth, shown, layers);
  };
  new ResizeObserver(redraw).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  return {
    element,
    canvas,
    draw: (next, axes = {}) => {
      layers = next;
      shown = { ...shown, ...axes };
      redraw();
    },
    describe: (text) => {
      canvas.setAttribute("aria-label", `${options.title}. ${text}`);
    },
    locate: ({ clientX, clientY }) => {
      const box = canvas.getBoundingClientRect();
      return frame
        ? [frame.x.invert(clientX - box.left), frame.y.invert(clientY - box.top)]
        : [NaN, NaN];
    },
  };
}

function paint(
  canvas: HTMLCanvasElement,
  width: number,
  { title, x, y, aspect = 1, colors }: PlotOptions,
  layers: readonly Layer[],
): Frame | undefined {
  if (width === 0) return undefined;
  const right = width - margin.right;
  const inner = right - margin.left;
  const bottom = Math.round(Math.max(inner * aspect, Math.min(inner, leastHeight))) + margin.top;
  const height = bottom + margin.bottom + (colors ? bar.room : 0);
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const color = (name: string): string => style.getPropertyValue(name);
  const frame: Frame = {
    context,
    x: scaleOf(x).range([margin.left, right]),
    y: scaleOf(y).range([bottom, margin.top]),
    color,
  };
  context.fillStyle = color("--paper");
  context.fillRect(0, 0, width, height);
  paintAxes(frame, { x, y });
  context.save();
  context.beginPath();
  context.rect(margin.left, margin.top, right - margin.left, bottom - margin.top);
  context.clip();
  for (const layer of layers) {
    context.save();
    layer(frame);
    context.restore();
  }
  context.restore();
  context.fillStyle = color("--ink");
  context.font = "600 14px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillText(title, margin.left, 20, width - margin.left);
  context.strokeStyle = color("--muted");
  context.strokeRect(margin.left, margin.top, right - margin.left, bottom - margin.top);
  if (colors) paintColors(frame, colors);
  return frame;
}

function scaleOf({ domain, scale = "linear" }: AxisOptions): Scale {
  return (scale === "log" ? scaleLog() : scaleLinear()).domain(domain);
}

function paintAxes(
  { context, x, y, color }: Frame,
  labels: { readonly x: AxisOptions; readonly y: AxisOptions },
): void {
  const [left = 0, right = 0] = x.range();
  const [bottom = 0, top = 0] = y.range();
  context.font = "12px system-ui, sans-serif";
  context.strokeStyle = color("--rule");
  context.fillStyle = color("--muted");
  context.lineWidth = 1;
  const format = { x: tickText(x, 5), y: tickText(y, 5) };
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const { value, text } of format.x) {
    strokeLine(context, x(value), top, x(value), bottom);
    context.fillText(text, x(value), bottom + 6);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { value, text } of format.y) {
    strokeLine(context, left, y(value), right, y(value));
    context.fillText(text, left - 6, y(value));
  }
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.fillText(labels.x.label, (left + right) / 2, bottom + 36, right - left);
  context.save();
  context.translate(13, (top + bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(labels.y.label, 0, 0, bottom - top);
  context.restore();
}

interface Tick {
  readonly value: number;
  readonly text: string;
}

/** Labelled places of an axis: on a logarithmic one, powers of ten that fit. */
function tickText(scale: Scale, count: number): Tick[] {
  const [low = 0, high = 1] = scale.domain();
  if (!isLogarithmic(scale)) {
    const format = scale.tickFormat(count);
    return scale.ticks(count).map((value) => ({ value, text: format(value) }));
  }
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first + 1) / count));
  const powers: Tick[] = [];
  for (let power = first; power <= last; power += step) {
    powers.push({ value: 10 ** power, text: power === 0 ? "1" : `10${superscript(power)}` });
  }
  return powers;
}

const isLogarithmic = (scale: Scale): boolean => "base" in scale;

function paintColors(
  { context, x, y, color }: Frame,
  { label, domain }: { readonly label: string; readonly domain: Interval },
): void {
  const [left = 0, right = 0] = x.range();
  const top = (y.range()[0] ?? 0) + bar.top;
  context.fillStyle = viridisGradient(context, left, right);
  context.fillRect(left, top, right - left, bar.height);
  const scale = scaleLinear().domain(domain).range([left, right]);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = color("--muted");
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const { value, text } of tickText(scale, 4)) {
    context.fillText(text, scale(value), top + bar.height + 3);
  }
  context.textAlign = "right";
  context.fillText(label, left - 6, top - 1, left - 8);
}

function strokeLine(
  context: CanvasRenderingContext2D,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
