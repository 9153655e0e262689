import { interpolateViridis } from "d3-scale-chromatic";

/** Viridis as 256 colours, red, green and blue each. */
const table = Uint8Array.from({ length: 3 * 256 }, (_, i) => {
  const rgb = Number.parseInt(interpolateViridis(Math.floor(i / 3) / 255).slice(1), 16);
  return (rgb >> (8 * (2 - (i % 3)))) & 255;
});

/** Writes the colour of a fraction of the scale at pixel `at`; what isn't a number is grey. */
export function setColor(pixels: Uint8ClampedArray, at: number, fraction: number): void {
  pixels[4 * at + 3] = 255;
  if (Number.isNaN(fraction)) {
    pixels.fill(128, 4 * at, 4 * at + 3);
    return;
  }
  const index = Math.round(255 * Math.min(1, Math.max(0, fraction)));
  for (let k = 0; k < 3; k++) pixels[4 * at + k] = table[3 * index + k]!;
}

/** Viridis from left to right. */
export function viridisGradient(
  context: CanvasRenderingContext2D,
  from: number,
  to: number,
): CanvasGradient {
  const gradient = context.createLinearGradient(from, 0, to, 0);
  for (let i = 0; i <= 16; i++) gradient.addColorStop(i / 16, interpolateViridis(i / 16));
  return gradient;
}
