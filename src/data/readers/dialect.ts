import Papa from "papaparse";
import { DataError } from "../../errors.js";
import { missingCells, cellKind, numberOf, unwrapped, type CellRules } from "./cells.js";

export const separators = ["\t", ";", "|", ","] as const;

/**
 * The separator by which most lines of a sample have the same number of cells, more than one. Of
 * equals, the one that numbers don't hold.
 */
export function detectSeparator(sample: string): string {
  let best = ",";
  let most = 0;
  for (const separator of separators) {
    const { data } = Papa.parse<string[]>(sample, { delimiter: separator, newline: "\n" });
    const counts = new Map<number, number>();
    for (const { length } of data)
      if (length > 1) counts.set(length, (counts.get(length) ?? 0) + 1);
    const lines = Math.max(0, ...counts.values());
    if (lines > most) [best, most] = [separator, lines];
  }
  return best;
}

/** How numbers are written: `1.5`, `1,5`, `1,234.5` or `1.234,5`. */
export type NumberMarks = Pick<CellRules, "decimal" | "thousands">;

/** `1,5` or `,5`, but not `1,234`, which may be a thousand. */
const decimalComma = /^[+-]?(?:\d*,(?:\d{1,2}|\d{4,})|0?,\d+|\d{4,},\d+)(?:e[+-]?\d+)?$/i;
const decimalPoint = /^[+-]?\d*\.\d+(?:e[+-]?\d+)?$/i;
const eitherComma = /^[+-]?\d{1,3},\d{3}$/;
const groupedByComma = /^[+-]?\d{1,3}(?:,\d{3})+\.\d*$|^[+-]?\d{1,3}(?:,\d{3}){2,}$/;
const groupedByPoint = /^[+-]?\d{1,3}(?:\.\d{3})+,\d*$|^[+-]?\d{1,3}(?:\.\d{3}){2,}$/;

/**
 * The marks by which most cells of a sample are numbers. `1,234` alone is a thousand where commas
 * separate cells too, and 1.234 where they don't.
 */
export function detectMarks(cells: Iterable<string>, separator: string): NumberMarks {
  const count = { comma: 0, point: 0, either: 0, byComma: 0, byPoint: 0 };
  for (const cell of cells) {
    const text = cell.trim();
    if (groupedByComma.test(text)) count.byComma++;
    else if (groupedByPoint.test(text)) count.byPoint++;
    else if (eitherComma.test(text)) count.either++;
    else if (decimalComma.test(text)) count.comma++;
    else if (decimalPoint.test(text)) count.point++;
  }
  if (count.byPoint > count.byComma && count.comma + count.byPoint > count.point) {
    return { decimal: ",", thousands: "." };
  }
  if (count.byComma > 0) return { decimal: ".", thousands: "," };
  if (count.comma > count.point) return { decimal: ",", thousands: "" };
  if (count.either > 0) {
    if (separator === "," || count.point > 0) return { decimal: ".", thousands: "," };
    return { decimal: ",", thousands: "" };
  }
  return { decimal: ".", thousands: "" };
}

/** The rules by which text cells are read. */
export function cellRules(
  marks: NumberMarks,
  missing: readonly string[] = missingCells,
): CellRules {
  return { ...marks, missing: new Set(missing) };
}

/** Whether a first line holds names: no cell of it is a number or a date, and one isn't blank. */
export function isHeader(cells: readonly string[], rules: CellRules): boolean {
  const kinds = cells.map((cell) => cellKind(cell, rules));
  return (
    kinds.some((kind) => kind !== undefined) &&
    kinds.every((kind) => kind === undefined || kind === "text")
  );
}

/** @throws {DataError} if each line is one cell of several numbers with blanks between. */
export function expectSeparated(
  name: string,
  rows: readonly (readonly string[])[],
  rules: CellRules,
): void {
  const isBlankSeparated = (cell = ""): boolean => {
    const parts = unwrapped(cell).trim().split(/ +/);
    return parts.length > 1 && parts.every((part) => numberOf(part, rules) !== undefined);
  };
  const lines = rows.filter((cells) => cells.length === 1 && isBlankSeparated(cells[0])).length;
  if (lines === 0 || lines < rows.length / 2) return;
  throw new DataError(
    `${name}: expected cells with a comma, a semicolon, a tab or | between them, got numbers with blanks between; save the table as CSV`,
    { name },
  );
}
