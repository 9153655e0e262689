import type { Page } from "../page.js";
import { html } from "./html.js";

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Shows what computes, and while it is fetched how much of it is here. */
export function showEngine(root: HTMLElement, page: Page): void {
  const bar = html("progress", { max: 1, "aria-label": "WebAssembly of the engine" });
  const text = html("span");
  root.append(text, bar);
  page.onEngine((state) => {
    root.dataset.engine = state.kind;
    bar.hidden = state.kind !== "loading";
    switch (state.kind) {
      case "idle":
        text.textContent = "Engine: not started";
        break;
      case "loading":
        bar.value = state.bytes / state.total;
        text.textContent =
          state.bytes < state.total
            ? `Engine: ${megabytes(state.bytes)} of ${megabytes(state.total)} MB`
            : "Engine: compiling";
        break;
      case "ready":
        text.textContent = `Engine: ${state.description}`;
        page.announce("The engine is ready.");
        break;
      case "failed":
        text.textContent = `Engine: ${state.reason}`;
        page.announce(`The engine didn't start: ${state.reason}`);
    }
  });
}
