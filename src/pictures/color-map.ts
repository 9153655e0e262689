import { interpolateViridis } from "d3-scale-chromatic";
import type { Color } from "./raster.js";

/** Stands for a value that is no number; no colour of the map is gray. */
export const NOT_A_NUMBER: Color = [128, 128, 128];

/**
 * Viridis, an even colour map that the colour-blind read: 0 is dark violet, 1 is yellow; clipped outside.
 *
 * @see van der Walt and Smith 2015, https://bids.github.io/colormap/
 */
export function colorOf(fraction: number): Color {
  if (Number.isNaN(fraction)) return NOT_A_NUMBER;
  return table[Math.round(255 * Math.min(1, Math.max(0, fraction)))]!;
}

const table = Array.from({ length: 256 }, (_, i): Color => {
  const rgb = Number.parseInt(interpolateViridis(i / 255).slice(1), 16);
  return [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
});
