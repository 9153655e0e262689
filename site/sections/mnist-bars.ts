import { html } from "../parts/html.js";

export interface DigitBars {
  readonly element: HTMLElement;
  /** Probabilities of the digits, or none yet. */
  show(probabilities: readonly number[] | undefined): void;
}

/** A bar for the probability of each digit. */
export function digitBars(): DigitBars {
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const bar = html("div", { class: "bar" });
    const value = html("td", {}, "–");
    const row = html(
      "tr",
      { "data-digit": digit },
      html("th", { scope: "row" }, String(digit)),
      html("td", { class: "track", "aria-hidden": "true" }, bar),
      value,
    );
    return { row, bar, value };
  });
  const element = html(
    "table",
    { class: "bars" },
    html("caption", {}, "p(digit | drawing)"),
    html("tbody", {}, ...rows.map(({ row }) => row)),
  );
  return {
    element,
    show: (probabilities) => {
      rows.forEach(({ row, bar, value }, digit) => {
        const p = probabilities?.[digit];
        bar.style.width = `${100 * (p ?? 0)}%`;
        value.textContent = p === undefined ? "–" : p.toFixed(3);
        row.dataset.value = String(p ?? "");
        row.classList.toggle("best", p !== undefined && p === Math.max(...probabilities!));
      });
    },
  };
}
