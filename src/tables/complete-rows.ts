import { takeRows, type Column, type Table } from "../data/table.js";

/** A table without the rows that have an empty cell in one of some columns. */
export interface CompleteRows {
  readonly table: Table;
  /** How many empty cells each of these columns had, by name. */
  readonly refused: ReadonlyMap<string, number>;
}

/** Leaves out the rows that have an empty cell in a column of these names. */
export function completeRows(table: Table, names: readonly string[]): CompleteRows {
  const columns = table.columns.filter(({ name }) => names.includes(name));
  const refused = new Map<string, number>();
  const isBad = new Uint8Array(table.rows);
  for (const column of columns) {
    const rows = missingRows(column);
    if (rows.length > 0) refused.set(column.name, rows.length);
    for (const row of rows) isBad[row] = 1;
  }
  if (refused.size === 0) return { table, refused };
  const kept = Array.from(isBad.keys()).filter((row) => isBad[row] === 0);
  return { refused, table: takeRows(table, kept) };
}

function missingRows(column: Column): number[] {
  const rows: number[] = [];
  if (column.kind === "text") {
    column.codes.forEach((code, row) => {
      if (code < 0) rows.push(row);
    });
  } else {
    column.values.forEach((value, row) => {
      if (Number.isNaN(value)) rows.push(row);
    });
  }
  return rows;
}
