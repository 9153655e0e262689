import { html } from "./html.js";

export interface Download {
  readonly element: HTMLButtonElement;
  /** Makes the file and hands it to the browser. */
  readonly save: () => Promise<void>;
}

/** A button for a file that is made when it is asked for. */
export function downloadButton(
  label: string,
  name: string,
  make: () => Promise<string | Uint8Array>,
): Download {
  return {
    element: html("button", { type: "button" }, label),
    save: async () => {
      const content = await make();
      const url = URL.createObjectURL(new Blob([content as BlobPart]));
      html("a", { href: url, download: name }).click();
      setTimeout(() => {
        URL.revokeObjectURL(url);
      }, 60_000);
    },
  };
}
