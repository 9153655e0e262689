import { placeOf } from "./column-axis.js";

/** A column of training rows, or a channel of images. */
export interface Column {
  readonly name: string;
  readonly count: number;
  readonly at: (i: number) => number;
  /** Whether its values were rounded to float32 before they came. */
  readonly isFloat32: boolean;
}

/** Most values that are looked at; two of so many normal ones seldom round to one float32. */
const most = 100_000;
/** Share of distinct values that may become equal. */
const tolerated = 0.05;
/** Largest spacing of float32 beside the standard deviation. */
const coarsest = 1e-3;

/** A warning if float32 can't tell the values of a column apart, before or after it is scaled. */
export function digitsLost(column: Column, axis: Parameters<typeof placeOf>[1]): string[] {
  const { name, count, at, isFloat32 } = column;
  let largest = 0;
  const stride = Math.max(1, count / most);
  const [exact, rounded] = [new Set<number>(), new Set<number>()];
  for (let k = 0; k < Math.min(count, most); k++) {
    const value = at(Math.floor(k * stride));
    largest = Math.max(largest, Math.abs(value));
    exact.add(value);
    rounded.add(Math.fround(placeOf(value, axis)));
  }
  const scale = axis.scale * (axis.tail?.width ?? 1);
  const spacing = 2 ** (Math.floor(Math.log2(largest)) - 23);
  if (isFloat32 && spacing > coarsest * scale) {
    return [
      `column "${name}": given as float32, whose numbers lie ${spacing} apart here, ${(spacing / scale).toPrecision(2)} standard deviations; give float64 to keep its digits`,
    ];
  }
  if (rounded.size >= (1 - tolerated) * exact.size) return [];
  return [
    `column "${name}": float32 keeps ${rounded.size} of ${exact.size} distinct values, since some lie far beyond the others; leave those rows out, or take a logarithm`,
  ];
}

/** `"a", "b" and 3 more`. */
export function listed(names: readonly string[]): string {
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return `${names
    .slice(0, 10)
    .map((name) => `"${name}"`)
    .join(", ")}${more}`;
}
