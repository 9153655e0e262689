import type { ScoreSummary } from "../tables/index.js";
import type { Terminal } from "./terminal.js";

/** Warns of columns that were passed over, and of rows that have no score. */
export function warnOfRows(
  terminal: Terminal,
  name: string,
  { unscored, problems, surplus }: ScoreSummary,
): void {
  if (surplus.length > 0) {
    terminal.warn(
      `${name}: passed over columns that training didn't see: ${surplus.map((column) => `"${column}"`).join(", ")}`,
    );
  }
  for (const { line, column, expected, got } of problems) {
    const place = column === "" ? `line ${line}` : `line ${line}, column "${column}"`;
    terminal.warn(`${name}: ${place}: expected ${expected}, got ${got}; the row isn't scored`);
  }
  if (unscored > problems.length) terminal.warn(`${name}: ${unscored} rows in all aren't scored`);
}
