import { group } from "../parts/group.js";
import { dotLayer, heatLayer, legendLayer, lineLayer, peakOf } from "../parts/layers.js";
import { createPlot, type Interval, type Layer } from "../parts/plot.js";
import type { BoundMeasured } from "../work/bounds.js";
import { view } from "../work/picture.js";

const bounds: Interval = [0.45, 1.6];
const nats: Interval = [-1, 6];
const errors: Interval = [1e-7, 1e2];
const exactLine = { name: "exact determinants", color: "--series-1", width: 2 };
const seriesLine = { name: "series, as trained", color: "--series-2", width: 1.5, dash: [5, 4] };

/** The pictures of a bound: density, warped grid, what it costs and what breaks without one. */
export class DragPlots {
  readonly element: HTMLElement;
  readonly #density = createPlot({
    title: "What is called p(x)",
    x: { label: "x₁", domain: view },
    y: { label: "x₂", domain: view },
    colors: { label: "p(x)", domain: [0, 1] },
  });
  readonly #grid = createPlot({
    title: "Data’s grid in latent space",
    x: { label: "z₁", domain: view },
    y: { label: "z₂", domain: view },
  });
  readonly #cost = createPlot({
    title: "What a bound costs",
    x: { label: "c (rightmost: no bound)", domain: bounds },
    y: { label: "held-out −log p (nats)", domain: nats },
  });
  readonly #broken = createPlot({
    title: "What breaks without one",
    x: { label: "c (rightmost: no bound)", domain: bounds },
    y: { label: "median |f⁻¹(f(x)) − x|₂", domain: errors, scale: "log" },
  });

  constructor() {
    this.element = group("plots", this.#density, this.#grid, this.#cost, this.#broken);
  }

  draw(
    shown: BoundMeasured,
    all: readonly BoundMeasured[],
    placeOf: (c: number | null) => number,
  ): void {
    this.#drawDensity(shown);
    this.#drawGrid(shown);
    const sorted = [...all].sort((a, b) => placeOf(a.c) - placeOf(b.c));
    const pairs = (of: (measured: BoundMeasured) => number, [low, high]: Interval): number[] =>
      sorted.flatMap((measured) => [
        placeOf(measured.c),
        Math.min(Math.max(of(measured), low), high),
      ]);
    const costs = [pairs(({ exact }) => exact, nats), pairs(({ series }) => series, nats)] as const;
    const marker = markerAt(placeOf(shown.c));
    this.#cost.draw([
      unsureLayer,
      marker,
      lineLayer([costs[1]], seriesLine),
      lineLayer([costs[0]], exactLine),
      dotLayer(costs[1], { color: seriesLine.color, radius: 2.5 }),
      dotLayer(costs[0], { color: exactLine.color, radius: 3 }),
      legendLayer([exactLine, seriesLine], "lower left"),
      unsureLabel,
    ]);
    const broken = pairs(({ medianError }) => medianError, errors);
    this.#broken.draw([
      unsureLayer,
      marker,
      lineLayer([broken], exactLine),
      dotLayer(broken, { color: exactLine.color, radius: 3 }),
      unsureLabel,
    ]);
    this.#cost.describe(
      `At c ${shown.c ?? "none"}: ${shown.exact.toFixed(3)} nats by determinants, ${shown.series.toPrecision(4)} by the series. What is outside the picture is drawn on its edge.`,
    );
    this.#broken.describe(`At c ${shown.c ?? "none"}: ${shown.medianError.toPrecision(2)}.`);
  }

  #drawDensity({ density: { side, values, bounds: square }, integral }: BoundMeasured): void {
    const density = Float32Array.from(values, Math.exp);
    const colors = { label: "p(x)", domain: [0, peakOf(density)] as const };
    this.#density.draw([heatLayer({ side, values: density, bounds: square }, colors.domain)], {
      colors,
    });
    this.#density.describe(`It integrates to ${integral.toFixed(3)} over the square.`);
  }

  #drawGrid({ warped, latents: { mean, deviation } }: BoundMeasured): void {
    const reach = 4 * Math.max(...deviation);
    const axis = (label: string, at: number): { label: string; domain: Interval } => ({
      label,
      domain: [at - reach, at + reach],
    });
    this.#grid.draw([lineLayer(warped, { color: "--series-1", width: 1 })], {
      x: axis("z₁", mean[0]),
      y: axis("z₂", mean[1]),
    });
    this.#grid.describe("Blue lines are straight in the data's plane; where they cross, it folds.");
  }
}

/** Where no inverse is sure. */
const unsureLayer: Layer = ({ context, x, y, color }) => {
  const [, right = 0] = x.range();
  const [bottom = 0, top = 0] = y.range();
  context.fillStyle = color("--series-2");
  context.globalAlpha = 0.1;
  context.fillRect(x(1), top, right - x(1), bottom - top);
};

/** Its name, above lines that cross it. */
const unsureLabel: Layer = ({ context, x, y, color }) => {
  const [, right = 0] = x.range();
  const [, top = 0] = y.range();
  const text = "no inverse is sure";
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "right";
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = color("--paper");
  context.strokeText(text, right - 6, top + 16);
  context.fillStyle = color("--muted");
  context.fillText(text, right - 6, top + 16);
};

const markerAt =
  (place: number): Layer =>
  ({ context, x, y, color }) => {
    const [bottom = 0, top = 0] = y.range();
    context.strokeStyle = color("--ink");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x(place), top);
    context.lineTo(x(place), bottom);
    context.stroke();
  };
