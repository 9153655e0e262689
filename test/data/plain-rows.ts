import type { Table } from "../../src/data/table.js";

/** Rows of a table as plain values; null where a cell is missing. */
export function plainRows({ columns, rows }: Table): (number | string | null)[][] {
  return Array.from({ length: rows }, (_, row) =>
    columns.map((column) => {
      if (column.kind === "text") return column.dictionary[column.codes[row]!] ?? null;
      const value = column.values[row]!;
      return Number.isNaN(value) ? null : value;
    }),
  );
}
