import type { ColumnSummary } from "iresnet";
import { html } from "../parts/html.js";
import { createPlot, type Interval, type Layer } from "../parts/plot.js";
import type { TableResults, UnusualRow } from "../work/table-results.js";

export interface View<T> {
  readonly element: HTMLElement;
  readonly isShown: boolean;
  show(value: T | undefined): void;
}

/** What was decided of each column. */
export function columnList(): View<readonly ColumnSummary[]> {
  const body = html("tbody");
  const element = html(
    "details",
    { hidden: true },
    html("summary", {}, "What was decided of each column"),
    html(
      "div",
      { class: "scrolled" },
      html("table", { class: "rows columns" }, head("column", "what becomes of it"), body),
    ),
  );
  return {
    element,
    get isShown() {
      return !element.hidden;
    },
    show: (columns) => {
      element.hidden = !columns;
      body.replaceChildren(...(columns ?? []).map(({ column, text }) => row(column, text)));
    },
  };
}

const bins = 40;

/** Counts, unusual rows with their reasons, and a histogram of scores. */
export function resultsView(): View<TableResults> {
  const summary = html("p", { "data-summary": "" });
  const problems = html("ul", { class: "problems" });
  const body = html("tbody");
  const note = html(
    "p",
    { class: "note" },
    "A reason is a column whose change alone would lower the score, with the value that would be usual beside the others.",
  );
  const scale = html("p", { class: "note" });
  const plot = createPlot({
    title: "Scores of the rows",
    x: { label: "score: 0 the usual row, 1 what one row in fifty exceeds", domain: [0, 1] },
    y: { label: "rows", domain: [0, 1] },
    aspect: 0.45,
  });
  const element = html(
    "div",
    { class: "results", hidden: true },
    summary,
    problems,
    html("h3", {}, "The most unusual rows"),
    html(
      "div",
      { class: "scrolled" },
      html("table", { class: "rows unusual" }, head("line", "score", "p-value", "why"), body),
    ),
    note,
    plot.element,
    scale,
  );
  return {
    element,
    get isShown() {
      return !element.hidden;
    },
    show: (results) => {
      element.hidden = !results;
      if (!results) return;
      summary.textContent = counts(results);
      problems.replaceChildren(
        ...results.summary.problems.map(({ line, column, expected, got }) =>
          html("li", {}, `line ${line}, ${column}: expected ${expected}, got ${got}`),
        ),
      );
      body.replaceChildren(...results.unusual.map(unusualRow));
      const { layer, x, y, text } = histogram(results.score);
      plot.draw([layer], {
        x: { label: "score: 0 the usual row, 1 what one row in fifty exceeds", domain: x },
        y: { label: "rows", domain: y },
      });
      plot.describe(text);
      scale.textContent = text;
    },
  };
}

function counts({ summary: { rows, unscored, flagged } }: TableResults): string {
  const alarms = (flagged ?? []).map((one) => `${one.rows} with a p-value of at most ${one.rate}`);
  const left = unscored > 0 ? `, ${unscored} of them without a score` : "";
  return `${rows} rows${left}. ${alarms.join(", ")}.`;
}

function unusualRow({ line, score, pValue, reasons }: UnusualRow): HTMLElement {
  const why = reasons.map(({ column, value, usual, drop }) => {
    const by = Number.isFinite(drop) ? ` (score ${drop.toFixed(1)} lower)` : "";
    return html("div", {}, `${column} is ${value}; usual would be ${usual}${by}`);
  });
  const cells = [String(line), score.toFixed(2), pValue.toFixed(3)].map((text) =>
    html("td", {}, text),
  );
  return html(
    "tr",
    { "data-line": line, "data-score": score },
    ...cells,
    html("td", {}, ...(why.length > 0 ? why : ["–"])),
  );
}

/** Bars of equal width up to what one row in 200 exceeds; rows beyond are in the last. */
function histogram(scores: Float64Array): {
  readonly layer: Layer;
  readonly x: Interval;
  readonly y: Interval;
  readonly text: string;
} {
  const sorted = scores.filter(Number.isFinite).sort();
  const low = sorted[0] ?? 0;
  const high = Math.max(low + 1e-9, sorted[Math.floor(0.995 * (sorted.length - 1))] ?? 1);
  const heights = new Float64Array(bins);
  for (const score of sorted) {
    const bin = Math.floor((bins * (score - low)) / (high - low));
    heights[Math.min(bins - 1, bin)]! += 1;
  }
  const most = Math.max(1, ...heights);
  const layer: Layer = ({ context, x, y, color }) => {
    context.fillStyle = color("--series-1");
    heights.forEach((height, bin) => {
      const [left, right] = [bin, bin + 1].map((at) => x(low + ((high - low) * at) / bins));
      context.fillRect(left! + 0.5, y(height), right! - left! - 1, y(0) - y(height));
    });
  };
  const text = `Scores from ${low.toFixed(2)} to ${(sorted.at(-1) ?? 0).toFixed(2)}; the last bar has all above ${high.toFixed(2)}.`;
  return { layer, x: [low, high], y: [0, 1.05 * most], text };
}

function head(...names: readonly string[]): HTMLElement {
  const cells = names.map((name) => html("th", { scope: "col" }, name));
  return html("thead", {}, html("tr", {}, ...cells));
}

function row(...cells: readonly string[]): HTMLElement {
  return html("tr", {}, ...cells.map((text) => html("td", {}, text)));
}
