import { html } from "./html.js";

export interface GrayImage {
  readonly element: HTMLElement;
  /** Shows gray levels, row by row, or nothing. */
  show(pixels: ArrayLike<number> | undefined, caption?: string): void;
}

/**
 * A square image of gray levels, each pixel a square, with a caption.
 *
 * @param label what it is, for a screen reader
 * @param side pixels of a side
 */
export function grayImage(label: string, side: number): GrayImage {
  const canvas = html("canvas", { width: side, height: side, role: "img", "aria-label": label });
  const text = html("figcaption", {}, label);
  const context = canvas.getContext("2d")!;
  return {
    element: html("figure", { class: "gray" }, canvas, text),
    show: (pixels, caption = label) => {
      text.textContent = caption;
      canvas.setAttribute("aria-label", pixels ? caption : `${label}: nothing yet`);
      context.clearRect(0, 0, side, side);
      if (!pixels) return;
      const image = context.createImageData(side, side);
      for (let i = 0; i < side * side; i++) {
        image.data.fill(pixels[i]!, 4 * i, 4 * i + 3);
        image.data[4 * i + 3] = 255;
      }
      context.putImageData(image, 0, 0);
    },
  };
}
