import { formatNumber } from "./terminal.js";

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
