import type { DataDescription } from "../data/index.js";
import type { Conformal } from "../measure/index.js";
import type { ScoreSummary } from "../tables/index.js";
import { conformalOf } from "../tables/score-rows.js";
import { formatNumber } from "../text.js";
import type { Terminal } from "./terminal.js";

/** Rates of false alarms that flagged rows are counted for. */
export const falseAlarmRates = [0.01, 0.05];

/** Warns of columns that were passed over, and of rows that have no score. */
export function warnOfRows(
  terminal: Terminal,
  name: string,
  { unscored, problems, surplus }: ScoreSummary,
  data: DataDescription | undefined,
): void {
  if (data?.calibration) warnOfFew(terminal, conformalOf(data.calibration));
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

/** Warns where so few rows were held out that no row can have a small p-value. */
function warnOfFew(terminal: Terminal, { count, smallest }: Conformal): void {
  if (smallest <= Math.min(...falseAlarmRates)) return;
  terminal.warn(
    `${count} held-out rows calibrate the p-values, so none is below ${formatNumber(smallest)}: go by the score, or train with a larger --holdout`,
  );
}
