import { linePlot } from "./line-plot.js";
import type { Point } from "./plane.js";

export interface Histogram {
  readonly title: string;
  /** Names the unit. */
  readonly x: { readonly label: string };
  /** One outline each; a group without values has none. */
  readonly groups: readonly { readonly name: string; readonly values: Float64Array }[];
}

const bins = 40;
/** Part of a group that may lie beyond the end of the axis. */
const beyond = 0.01;

/**
 * What part of each group is in each of 40 bins, as self-contained SVG. The axis ends where 99 % of each
 * group does, but no further than twice as far as the first group; its last bin holds all beyond, and
 * its first all before.
 */
export function histogram({ title, x, groups }: Histogram): string {
  const filled = groups.filter(({ values }) => values.length > 0);
  const { low, high } = extentOf(filled.map(({ values }) => values));
  const width = (high - low) / bins;
  return linePlot({
    title,
    x: { label: `${x.label}; the last bin holds all above` },
    y: { label: "rows in a bin (%)" },
    series: filled.map(({ name, values }) => ({ name, points: outline(values, low, width) })),
  });
}

function extentOf(groups: readonly Float64Array[]): { low: number; high: number } {
  const ends = groups.map((values) => {
    const sorted = values.filter(Number.isFinite).sort();
    const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
    return { low: at(beyond / 10), high: at(1 - beyond) };
  });
  const low = Math.min(...ends.map((end) => end.low));
  const first = ends[0]?.high ?? 1;
  const high = Math.min(Math.max(...ends.map((end) => end.high)), low + 2 * (first - low));
  return high > low ? { low, high } : { low: low - 0.5, high: low + 0.5 };
}

function outline(values: Float64Array, low: number, width: number): Point[] {
  const counts = new Float64Array(bins);
  for (const value of values) {
    const bin = Math.floor((value - low) / width);
    const at = Math.min(bins - 1, Math.max(0, bin));
    counts[at] = counts[at]! + 1;
  }
  const points = Array.from(counts, (count, bin): Point[] => {
    const share = (100 * count) / values.length;
    return [
      [low + bin * width, share],
      [low + (bin + 1) * width, share],
    ];
  }).flat();
  return [[low, 0], ...points, [low + bins * width, 0]];
}
