import { interpolateMagma } from "d3-scale-chromatic";
import type { Color } from "./raster.js";

/** What is not a number, in no colour of the map. */
export const NOT_A_NUMBER: Color = [128, 128, 128];

/** Magma, a perceptually uniform colour map: 0 is black, 1 is pale yellow; clipped outside. */
export function colorOf(fraction: number): Color {
  if (Number.isNaN(fraction)) return NOT_A_NUMBER;
  return table[Math.round(255 * Math.min(1, Math.max(0, fraction)))]!;
}

const table = Array.from({ length: 256 }, (_, i): Color => {
  const rgb = Number.parseInt(interpolateMagma(i / 255).slice(1), 16);
  return [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
});
