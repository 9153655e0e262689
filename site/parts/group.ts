import { html } from "./html.js";

/** What stands in a group: an element, or what has one. */
export type Part = HTMLElement | { readonly element: HTMLElement };

/** Parts side by side, as many in a row as there is room for. */
export function group(
  kind: "controls" | "buttons" | "badges" | "plots" | "grays" | "drops",
  ...parts: readonly Part[]
): HTMLElement {
  const elements = parts.map((part) => (part instanceof HTMLElement ? part : part.element));
  return html("div", { class: kind }, ...elements);
}
