import type { Remote } from "comlink";
import type { Page } from "../page.js";
import { badge, choice, slider } from "../parts/controls.js";
import { group } from "../parts/group.js";
import { densityLayer, dotLayer, legendLayer, lineLayer } from "../parts/layers.js";
import { createPlot, type Interval, type Layer } from "../parts/plot.js";
import { pointInput } from "../parts/point-input.js";
import { scientific } from "../parts/scientific.js";
import type { Vector } from "../work/anderson.js";
import type { LogDeterminant, SeriesAtPoint } from "../work/logdet.js";
import { view } from "../work/picture.js";
import type { ShippedBound } from "../work/shipped.js";
import { boundNames, densityOf } from "./bound-names.js";
import { estimateOf, type Estimate } from "./estimate.js";

const mostTerms = 20;
const mostProbes = 64;
const lines = {
  estimate: { name: "estimate ± its standard error", color: "--series-1", width: 2 },
  exact: { name: "exact", color: "--series-3", width: 2 },
  bias: { name: "exact ± truncation bound", color: "--series-2", width: 1.5, dash: [5, 4] },
} as const;

export function mount(root: HTMLElement, page: Page): void {
  let point: Vector = [1, 0.5];
  let series: SeriesAtPoint | undefined;
  let work: Remote<LogDeterminant> | undefined;
  let density: Layer | undefined;
  let asked = 0;

  const choose = createPlot({
    title: "Choose a point x",
    x: { label: "x₁", domain: view },
    y: { label: "x₂", domain: view },
  });
  const curve = createPlot({
    title: "ln|det J| at x, by the number of terms",
    x: { label: "terms n of the series", domain: [0, mostTerms + 1] },
    y: { label: "ln|det J| (nats)", domain: [-1, 1] },
    aspect: 0.455,
  });
  curve.element.classList.add("double");
  const cursor = pointInput(choose, {
    label: "Press to choose the point; with the keyboard, arrows move a cross, Space takes it",
    onPoint: (x, y) => {
      point = [x, y];
      update();
    },
    onMove: drawPoint,
    say: page.announce,
    isTrail: false,
  });
  const bound = choice<ShippedBound>("Network", boundNames, "0.9", () => {
    showDensity();
    update();
  });
  const terms = slider({
    label: "Terms n",
    min: 1,
    max: mostTerms,
    step: 1,
    value: 5,
    onInput: draw,
    onChange: say,
  });
  const probes = slider({
    label: "Probes v",
    min: 2,
    max: mostProbes,
    step: 1,
    value: 8,
    onInput: draw,
    onChange: say,
  });
  const value = badge("estimate", "estimate, nats");
  const spread = badge("standard-error", "± standard error");
  const exact = badge("exact-logdet", "exact, nats");
  const bias = badge("bias", "truncation bound, certified");
  const lipschitz = badge("largest-lipschitz", "largest certified Lip(g)");

  root
    .querySelector(".stage")!
    .replaceChildren(
      group("controls", bound, terms, probes),
      group("badges", value, spread, exact, bias, lipschitz),
      group("plots", choose, curve),
    );

  function showDensity(): void {
    densityOf(page, bound.value).then(
      (grid) => {
        density = densityLayer(grid);
        drawPoint();
      },
      (reason: unknown) => {
        page.fail(root, reason);
      },
    );
  }
  function update(): void {
    const mine = ++asked;
    drawPoint();
    root.dataset.state = "computing";
    compute()
      .then((result) => {
        if (mine !== asked) return;
        series = result;
        root.dataset.state = "shown";
        draw();
        if (mine > 1) say();
      })
      .catch((error: unknown) => {
        page.fail(root, error);
      });
  }
  async function compute(): Promise<SeriesAtPoint> {
    work ??= await page.work("logdet");
    return work.at(bound.value, point);
  }
  function drawPoint(): void {
    choose.describe(`It is at ${point.map((one) => one.toFixed(1)).join(", ")}.`);
    choose.draw([
      ...(density ? [density] : []),
      dotLayer(point, { color: "--series-2", radius: 5 }),
      cursor.cursor,
    ]);
  }
  function draw(): void {
    if (!series) return;
    const all = Array.from({ length: mostTerms }, (_, i) =>
      estimateOf(series!.estimates, i + 1, probes.value),
    );
    const now = all[terms.value - 1]!;
    value.text = text(now.mean);
    spread.text = text(now.standardError);
    exact.text = series.exact.toFixed(4);
    const limit = series.bias[terms.value - 1]!;
    bias.text = limit < Infinity ? `± ${text(limit)}` : "none: Lip(g) isn't below 1";
    lipschitz.text = series.lipschitz < 1e4 ? series.lipschitz.toFixed(4) : text(series.lipschitz);
    drawCurve(series, all);
  }
  function drawCurve({ exact, bias }: SeriesAtPoint, all: readonly Estimate[]): void {
    const reach = reachOf(exact, bias, all);
    const line = (of: (i: number) => number): number[] => all.flatMap((_, i) => [i + 1, of(i)]);
    const bars = all.map(({ mean, standardError }, i) => [
      ...[i + 1, mean - standardError],
      ...[i + 1, mean + standardError],
    ]);
    const chosen = terms.value - 1;
    curve.draw(
      [
        lineLayer([line((i) => exact - bias[i]!), line((i) => exact + bias[i]!)], lines.bias),
        lineLayer([[0, exact, mostTerms + 1, exact]], lines.exact),
        lineLayer(bars, lines.estimate),
        dotLayer(
          line((i) => all[i]!.mean),
          { color: "--series-1", radius: 2.5 },
        ),
        dotLayer([chosen + 1, all[chosen]!.mean], { color: "--series-1", radius: 6 }),
        legendLayer(Object.values(lines)),
      ],
      { y: { label: "ln|det J| (nats)", domain: [exact - reach, exact + reach] } },
    );
    curve.describe(inWords());
  }
  function inWords(): string {
    return `${terms.value} terms and ${probes.value} probes: ${value.text} ± ${spread.text} nats; exact ${exact.text}.`;
  }
  function say(): void {
    page.announce(inWords());
  }

  showDensity();
  update();
}

const text = (value: number): string =>
  Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-3)
    ? scientific(value)
    : value.toFixed(4);

/** Half the height of the picture: what shows the estimates with their errors, but no more than 20 nats. */
function reachOf(exact: number, bias: readonly number[], all: readonly Estimate[]): number {
  const far = all.map(({ mean, standardError }) => Math.abs(mean - exact) + standardError);
  const usual = [...far].sort((a, b) => a - b)[Math.floor(0.8 * far.length)]!;
  const wide = Math.max(1.3 * usual, Math.min(bias[4]!, 2), 0.05);
  const reach: Interval = [0.05, 20];
  return Math.min(Math.max(wide, reach[0]), reach[1]);
}
