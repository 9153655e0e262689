import type { NumericColumn } from "./table.js";

/** Milliseconds of a day. */
export const dayLength = 86_400_000;

/**
 * A number as the cell of a file: so that reading gives the same float64; booleans as true and false;
 * dates in ISO 8601, with a time unless it's midnight UTC.
 */
export function cellText(kind: NumericColumn["kind"], value: number): string {
  return write[kind](value);
}

const write: Readonly<Record<NumericColumn["kind"], (value: number) => string>> = {
  number: (value) => (Object.is(value, -0) ? "-0" : String(value)),
  boolean: (value) => (value === 0 ? "false" : "true"),
  date: (value) => {
    const text = new Date(value).toISOString();
    return value % dayLength === 0 ? text.slice(0, text.indexOf("T")) : text;
  },
};
