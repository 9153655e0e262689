import { html } from "./html.js";

let made = 0;

/** A field to choose a file by, or to drop one on. */
export function fileDrop(label: string, accept: string, onFile: (file: File) => void): HTMLElement {
  const id = `file-${++made}`;
  const input = html("input", { type: "file", id, accept });
  const element = html(
    "div",
    { class: "drop" },
    html("label", { for: id }, label),
    input,
    html("span", { class: "note" }, "or drop it here"),
  );
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    // The same file may be chosen again, once it has been mended.
    input.value = "";
    if (file) onFile(file);
  });
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  for (const end of ["dragleave", "drop"] as const) {
    element.addEventListener(end, (event) => {
      event.preventDefault();
      element.classList.remove("over");
    });
  }
  element.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer?.files ?? [];
    if (file) onFile(file);
  });
  return element;
}
