import { scaleLog, type ScaleContinuousNumeric } from "d3-scale";

export type Axis = ScaleContinuousNumeric<number, number>;

/** A labelled position of an axis. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** An axis of powers from the smallest to the largest of positive values. */
export function logAxis(values: readonly number[]): Axis {
  const [low, high] = extent(values.map(Math.log10));
  return scaleLog().domain([10 ** low, 10 ** high]);
}

/** Smallest and largest value, apart even if they are one; [0, 1] without values. */
export function extent(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const pad = low === high ? Math.abs(low) / 10 || 0.5 : 0;
  return [low - pad, high + pad];
}

/** About `count` labelled positions. A log axis has more ticks, and labels some of them. */
export function ticksOf(axis: Axis, count: number, { log = false } = {}): Tick[] {
  const labelled = axis.tickFormat(count);
  const values = axis.ticks(count).filter((value) => labelled(value) !== "");
  const labels = tickLabels(values, log);
  return values.map((value, i) => ({ at: axis(value), label: labels[i] ?? "" }));
}

/** Plain numbers with equal decimals, or powers of ten where those get long. */
function tickLabels(ticks: readonly number[], log: boolean): string[] {
  const sizes = ticks.map(Math.abs).filter((size) => size > 0);
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  if (largest >= 1e6 || (log ? smallest : largest) < 1e-3) return ticks.map(powerOfTen);
  if (log && largest > 10 * smallest) {
    return ticks.map((tick) => tick.toLocaleString("en-US", { maximumSignificantDigits: 6 }));
  }
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const digits = Math.min(20, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return ticks.map((tick) =>
    tick.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  );
}

/** "10⁻⁶", "2×10⁻⁶". */
function powerOfTen(value: number): string {
  if (value === 0) return "0";
  const [digits = "", exponent = ""] = Number(value.toPrecision(4)).toExponential().split("e");
  const power = exponent
    .replace("+", "")
    .replace(/./g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".charAt("0123456789-".indexOf(digit)));
  return digits === "1" ? `10${power}` : `${digits}×10${power}`;
}

/** A number on a scale of colours: two digits that count. */
export function scaleLabel(value: number): string {
  return String(Number(value.toPrecision(2)));
}
