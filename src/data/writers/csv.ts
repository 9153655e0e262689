import { expectKind } from "../../border/kinds.js";
import { expectOptions } from "../../border/options.js";
import { cellText } from "../cell-text.js";
import { expectSameColumns, type Column, type ColumnHead, type Table } from "../table.js";

export interface WriteCsvOptions {
  /** Between cells; a comma unless given. */
  readonly separator?: string;
  /** Whether the first line holds the columns' names; true unless given. */
  readonly header?: boolean;
}

/**
 * Rows as CSV in UTF-8, with `\n` at each line's end, a piece of text for each table. Numbers are
 * written so that reading gives the same float64; booleans as true and false; dates in ISO 8601,
 * with a time unless it's midnight UTC; missing cells as nothing.
 *
 * @throws {DataError} if a table has other columns than the first.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export async function* csvText(
  tables: Iterable<Table> | AsyncIterable<Table>,
  options: WriteCsvOptions = {},
): AsyncGenerator<string> {
  expectOptions(options, ["separator", "header"], "csvText");
  expectKind(tables, "tables", "csvText");
  const { separator = ",", header = true } = options;
  const cell = (text: string): string => quotedCell(text, separator);
  let first: readonly ColumnHead[] | undefined;
  for await (const table of tables) {
    expectKind(table, "table", "csvText");
    const { columns, rows } = table;
    const isFirst = first === undefined;
    first ??= columns.map(({ name, kind }) => ({ name, kind }));
    expectSameColumns(first, table, "csvText");
    const names = columns.map(({ name }) => cell(name)).join(separator);
    const lines = isFirst && header ? [names] : [];
    const cells = columns.map((column) => cellsOf(column, cell));
    for (let row = 0; row < rows; row++) {
      const line = cells.map((of) => of(row)).join(separator);
      // A blank line would not be read as a row.
      lines.push(line === "" ? '""' : line);
    }
    if (lines.length > 0) yield `${lines.join("\n")}\n`;
  }
}

function cellsOf(column: Column, cell: (text: string) => string): (row: number) => string {
  if (column.kind === "text") {
    const texts = column.dictionary.map(cell);
    return (row) => texts[column.codes[row]!] ?? "";
  }
  const { kind, values } = column;
  return (row) => {
    const value = values[row]!;
    return Number.isNaN(value) ? "" : cell(cellText(kind, value));
  };
}

function quotedCell(text: string, separator: string): string {
  const isPlain = !text.includes(separator) && !/["\r\n]|^\s|\s$/.test(text);
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
}
