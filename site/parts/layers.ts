import { setColor } from "./colors.js";
import type { Interval, Layer } from "./plot.js";

/** Numbers on a square grid of cells, rows from the lowest y, over a square of the plane. */
export interface Grid {
  readonly side: number;
  readonly values: ArrayLike<number>;
  readonly bounds: Interval;
}

/** A grid in viridis, from the least to the most of `domain`. */
export function heatLayer({ side, values, bounds }: Grid, [low, high]: Interval): Layer {
  const picture = new OffscreenCanvas(side, side);
  const context = picture.getContext("2d")!;
  const image = context.createImageData(side, side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const value = values[(side - 1 - row) * side + column]!;
      setColor(image.data, row * side + column, (value - low) / (high - low));
    }
  }
  context.putImageData(image, 0, 0);
  return ({ context: target, x, y }) => {
    const [left, top] = [x(bounds[0]), y(bounds[1])];
    target.imageSmoothingEnabled = true;
    target.drawImage(picture, left, top, x(bounds[1]) - left, y(bounds[0]) - top);
  };
}

/** A density by its logarithm in nats, from 0 to about its peak. */
export function densityLayer(logDensity: Grid): Layer {
  const values = Float32Array.from(logDensity.values, Math.exp);
  return heatLayer({ ...logDensity, values }, [0, peakOf(values)]);
}

/** Where the scale of colours of a density ends: a few extreme cells don't darken all others. */
export function peakOf(density: Float32Array): number {
  const sorted = Float32Array.from(density.filter(Number.isFinite)).sort();
  const peak = sorted[Math.floor(0.998 * (sorted.length - 1))] ?? 0;
  return peak > 0 ? peak : 1;
}

export interface Stroke {
  /** A custom property of the theme. */
  readonly color: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  readonly opacity?: number;
}

/** Lines through points x, y, x, y, …; a point that isn't finite is a gap. */
export function lineLayer(lines: readonly ArrayLike<number>[], stroke: Stroke): Layer {
  return ({ context, x, y, color }) => {
    context.strokeStyle = color(stroke.color);
    context.lineWidth = stroke.width ?? 1.5;
    context.globalAlpha = stroke.opacity ?? 1;
    context.setLineDash([...(stroke.dash ?? [])]);
    context.lineJoin = "round";
    context.beginPath();
    for (const line of lines) {
      let isOpen = false;
      for (let i = 0; i + 1 < line.length; i += 2) {
        const [px, py] = [x(line[i]!), y(line[i + 1]!)];
        if (!Number.isFinite(px) || !Number.isFinite(py)) {
          isOpen = false;
          continue;
        }
        if (isOpen) context.lineTo(px, py);
        else context.moveTo(px, py);
        isOpen = true;
      }
    }
    context.stroke();
  };
}

/** Points x, y, x, y, … as dots. */
export function dotLayer(
  points: ArrayLike<number>,
  dot: { readonly color: string; readonly radius?: number; readonly opacity?: number },
): Layer {
  return ({ context, x, y, color }) => {
    const radius = dot.radius ?? 1.5;
    context.fillStyle = color(dot.color);
    context.globalAlpha = dot.opacity ?? 1;
    for (let i = 0; i + 1 < points.length; i += 2) {
      context.beginPath();
      context.arc(x(points[i]!), y(points[i + 1]!), radius, 0, 2 * Math.PI);
      context.fill();
    }
  };
}

/** A few words in the middle, where there is nothing to show yet. */
export function noteLayer(text: string): Layer {
  return ({ context, x, y, color }) => {
    const [left = 0, right = 0] = x.range();
    const [bottom = 0, top = 0] = y.range();
    context.font = "13px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = color("--muted");
    context.fillText(text, (left + right) / 2, (top + bottom) / 2, right - left - 16);
  };
}

/** Names of lines with a stroke of their colour, in a corner: the upper right unless given. */
export function legendLayer(
  entries: readonly (Stroke & { readonly name: string })[],
  corner: "upper right" | "lower left" = "upper right",
): Layer {
  return ({ context, x, y, color }) => {
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "left";
    const width = Math.max(...entries.map(({ name }) => context.measureText(name).width)) + 44;
    const height = 18 * entries.length + 10;
    const [left = 0, rightEdge = 0] = x.range();
    const [bottom = 0, topEdge = 0] = y.range();
    const isUpper = corner === "upper right";
    const right = isUpper ? rightEdge : left + width + 8;
    const top = isUpper ? topEdge : bottom - height - 4;
    context.globalAlpha = 0.85;
    context.fillStyle = color("--paper");
    context.fillRect(right - width - 4, top + 4, width, 18 * entries.length + 6);
    context.globalAlpha = 1;
    entries.forEach((entry, i) => {
      const middle = top + 16 + 18 * i;
      context.strokeStyle = color(entry.color);
      context.lineWidth = entry.width ?? 1.5;
      context.setLineDash([...(entry.dash ?? [])]);
      context.beginPath();
      context.moveTo(right - width + 2, middle);
      context.lineTo(right - width + 26, middle);
      context.stroke();
      context.fillStyle = color("--ink");
      context.fillText(entry.name, right - width + 32, middle);
    });
  };
}
