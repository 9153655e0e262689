/**
 * A number in at most eight characters up to sizes of 1e±9: four significant digits, three for
 * the smallest, whole numbers as they are: "0.04120", "0.00310", "711", "1.20e-5".
 */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return String(value);
  if (size < 1e-3 || size >= 1e5) return value.toExponential(2);
  return size < 1e3 ? value.toPrecision(size < 1e-2 ? 3 : 4) : value.toFixed(0);
}

/** A time in its two largest units: "0.4s", "12s", "4m 12s", "1h 04m", "2d 03h"; "?" unless finite. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return inTwo(whole, 60, "ms");
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return inTwo(minutes, 60, "hm");
  return inTwo(Math.round(minutes / 60), 24, "dh");
}

function inTwo(amount: number, base: number, [large = "", small = ""]: string): string {
  return `${Math.floor(amount / base)}${large} ${String(amount % base).padStart(2, "0")}${small}`;
}

/** Rows with aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** "1.262 ± 0.003" */
export function plusMinus(value: number, error: number): string {
  return `${formatNumber(value)} ± ${formatNumber(error)}`;
}
