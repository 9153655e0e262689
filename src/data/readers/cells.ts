import type { ColumnKind } from "../table.js";

/** How a text cell is understood. */
export interface CellRules {
  /** Cells that stand for nothing, without spaces around them. */
  readonly missing: ReadonlySet<string>;
  readonly decimal: "." | ",";
  /** Mark between thousands, or none. */
  readonly thousands: "" | "." | ",";
}

/** Cells that stand for a missing value, those of pandas and R and of the UCI repository. */
export const missingCells = [
  "",
  "?",
  "#N/A",
  "#N/A N/A",
  "#NA",
  "<NA>",
  "N/A",
  "NA",
  "n/a",
  "NaN",
  "nan",
  "-NaN",
  "-nan",
  "1.#IND",
  "-1.#IND",
  "1.#QNAN",
  "-1.#QNAN",
  "NULL",
  "Null",
  "null",
  "None",
] as const;

const infinite = /^([+-]?)inf(?:inity)?$/i;
const grouped = {
  ",": /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?(?:e[+-]?\d+)?$/i,
  ".": /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?(?:e[+-]?\d+)?$/i,
};

/** The number that a cell holds, undefined if it isn't one that float64 can hold. */
export function numberOf(text: string, rules: CellRules): number | undefined {
  let plain = text;
  if (rules.thousands !== "" && grouped[rules.thousands].test(text.trim())) {
    plain = plain.replaceAll(rules.thousands, "");
  }
  if (rules.decimal === ",") {
    if (plain.includes(".")) return undefined;
    plain = plain.replace(",", ".");
  }
  const value = Number(plain);
  // Number reads 0x1f, 0b1, 0o7 and blank texts too.
  if (value - value === 0) {
    return /[xob]/i.test(plain) || plain.trim() === "" ? undefined : value;
  }
  const sign = infinite.exec(plain.trim())?.[1];
  return sign === undefined ? undefined : sign === "-" ? -Infinity : Infinity;
}

/** Whether a cell is a whole number with more digits than float64 keeps. */
export function losesDigits(text: string, value: number): boolean {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return false;
  const digits = /^[+-]?\d+$/.exec(text.trim())?.[0];
  return digits !== undefined && BigInt(digits) !== BigInt(value);
}

/** 1 for true and 0 for false, in any case; undefined for anything else. */
export function booleanOf(text: string): number | undefined {
  const word = text.trim().toLowerCase();
  return word === "true" ? 1 : word === "false" ? 0 : undefined;
}

const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Milliseconds since 1970, UTC, of a date in ISO 8601 with or without a time of day; of UTC too
 * where it says no offset. Undefined for anything else, such as 30 February.
 */
export function dateOf(text: string): number | undefined {
  const parts = iso.exec(text.trim());
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts
    .slice(1, 7)
    .map((part: string | undefined) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return undefined;
  const fraction = Number(`0.${parts[7] ?? 0}`);
  const seconds = (hour * 60 + minute) * 60 + second + fraction - offsetOf(parts[8]);
  return at.getTime() + Math.round(seconds * 1000);
}

/** Seconds east of UTC. */
function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const digits = zone.slice(1).replace(":", "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
  return (zone.startsWith("-") ? -60 : 60) * minutes;
}

/** Milliseconds of nanoseconds, of which float64 doesn't hold all digits of today's times. */
export function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1e6;
}

/** `="00123"`, as spreadsheets write text that looks like a number, without its shell. */
export function unwrapped(text: string): string {
  return text.startsWith('="') && text.endsWith('"') && text.length > 2
    ? text.slice(2, -1).replaceAll('""', '"')
    : text;
}

/** The kind of one cell; undefined for a missing one. */
export function cellKind(text: string, rules: CellRules): ColumnKind | undefined {
  const plain = unwrapped(text);
  if (rules.missing.has(plain.trim())) return undefined;
  if (numberOf(plain, rules) !== undefined) return "number";
  if (booleanOf(plain) !== undefined) return "boolean";
  return dateOf(plain) === undefined ? "text" : "date";
}

/**
 * The kind of most cells of a column, so that a few that differ are errors rather than a reason to
 * take numbers for names; `number` where all are missing.
 */
export function columnKind(kinds: Iterable<ColumnKind | undefined>): ColumnKind {
  const counts: Record<ColumnKind, number> = { number: 0, boolean: 0, date: 0, text: 0 };
  let most: ColumnKind = "number";
  for (const kind of kinds) if (kind) counts[kind] += 1;
  for (const kind of ["boolean", "date", "text"] as const) {
    if (counts[kind] > counts[most]) most = kind;
  }
  return most;
}
