import { expectKind } from "../../border/kinds.js";
import { expectOneOf } from "../../border/options.js";
import { DataError } from "../../errors.js";
import type { Column, Table } from "../table.js";

/**
 * Rows as JSON, an object each with a value for each column: one array of them, or one on each `line`.
 * Dates are text in ISO 8601; missing cells are null.
 *
 * @throws {DataError} naming the column that holds an infinity, which JSON hasn't got.
 */
export async function* jsonText(
  tables: Iterable<Table> | AsyncIterable<Table>,
  layout: "array" | "lines",
): AsyncGenerator<string> {
  expectKind(tables, "tables", "jsonText");
  const isArray = expectOneOf(layout, ["array", "lines"], "jsonText: layout") === "array";
  let before = isArray ? "[\n" : "";
  for await (const table of tables) {
    expectKind(table, "table", "jsonText");
    const { columns, rows, name } = table;
    const cells = columns.map((column) => [column.name, cellsOf(column, name)] as const);
    const records = Array.from({ length: rows }, (_, row) =>
      JSON.stringify(Object.fromEntries(cells.map(([column, of]) => [column, of(row)]))),
    );
    if (records.length === 0) continue;
    yield before + records.join(isArray ? ",\n" : "\n");
    before = isArray ? ",\n" : "\n";
  }
  if (!isArray) yield before;
  else yield before === "[\n" ? "[]\n" : "\n]\n";
}

type Cell = number | string | boolean | null;

function cellsOf(column: Column, name: string): (row: number) => Cell {
  if (column.kind === "text") return (row) => column.dictionary[column.codes[row]!] ?? null;
  const { values, kind } = column;
  return (row) => {
    const value = values[row]!;
    if (Number.isNaN(value)) return null;
    if (!Number.isFinite(value)) {
      throw new DataError(
        `jsonText: expected finite numbers in column "${column.name}" of ${name}, got ${value}; write CSV`,
        { name, columns: [column.name] },
      );
    }
    if (kind === "boolean") return value !== 0;
    return kind === "date" ? new Date(value).toISOString() : value;
  };
}
