import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openTable } from "../data/readers/index.js";
import { fileSource } from "../data/readers/node-source.js";
import { readTable, type Column, type NumericColumn, type Table } from "../data/table.js";
import { DataError, FileError } from "../errors.js";
import { readError } from "../files/file-errors.js";
import type { NumberArray } from "../tree.js";

/** Rows of numbers, and which of them are outliers. */
export interface LabelledTable {
  /** The file's, without its ending. */
  readonly name: string;
  /** `[N, D]`, in the file's units. */
  readonly x: NumberArray;
  /** Names of the D columns. */
  readonly columns: readonly string[];
  /** `[N]` */
  readonly outliers: readonly boolean[];
}

/** Names, in any case, of a column that marks outliers wherever it stands. */
const labelNames = ["outlier", "label"];
const ending = /\.(csv|tsv)(\.gz)?$/i;

/**
 * The CSV and TSV files of a folder that have a label column, in the order of their names. The label
 * is the column named `outlier` or `label`, or else the last, if it holds 0 and 1, 1 for outliers.
 *
 * @param onSkip called with a sentence on each file without such a column
 * @throws {FileError} if the folder can't be read or has no such file.
 * @throws {DataError} naming the column that isn't of numbers, or has missing ones.
 */
export async function readLabelledTables(
  folder: string,
  onSkip: (text: string) => void,
): Promise<readonly LabelledTable[]> {
  const expected = "a folder of CSV files with a label column";
  const files = await readdir(folder).catch((error: unknown) => {
    throw readError(folder, expected, error);
  });
  const tables: LabelledTable[] = [];
  for (const file of files.filter((name) => ending.test(name)).sort()) {
    const reader = await openTable(await fileSource(join(folder, file)));
    const table = await readTable(reader).finally(() => reader.close());
    const found = labelled(table, file.replace(ending, ""));
    if (typeof found === "string") onSkip(`${file} is left out: ${found}`);
    else tables.push(found);
  }
  if (tables.length > 0) return tables;
  throw new FileError(
    `${folder}: expected ${expected}, 0 for normal rows and 1 for outliers, got none; name another folder`,
  );
}

/** A table's numbers and marks, or why it has none. */
function labelled(table: Table, name: string): LabelledTable | string {
  const label =
    table.columns.find((column) => labelNames.includes(column.name.toLowerCase())) ??
    table.columns.at(-1)!;
  const marks = isNumeric(label) ? Array.from(label.values) : [];
  if (!(
    marks.includes(0) &&
    marks.includes(1) &&
    marks.every((mark) => mark === 0 || mark === 1)
  )) {
    return `its column "${label.name}" isn't 0 for normal rows and 1 for outliers`;
  }
  const columns = table.columns.filter((column) => column !== label).map(numbersOf(table));
  const data = new Float64Array(table.rows * columns.length);
  columns.forEach(({ values }, c) => {
    values.forEach((value, row) => (data[row * columns.length + c] = value));
  });
  return {
    name,
    x: { shape: [table.rows, columns.length], data },
    columns: columns.map((column) => column.name),
    outliers: marks.map((mark) => mark === 1),
  };
}

function numbersOf(table: Table): (column: Column) => NumericColumn {
  const fail = (column: Column, got: string): DataError =>
    new DataError(
      `${table.name}: column "${column.name}": expected a number in each row, got ${got}; leave it out of the file`,
      { name: table.name, columns: [column.name] },
    );
  return (column) => {
    if (!isNumeric(column)) throw fail(column, "text");
    const missing = column.values.findIndex(Number.isNaN);
    if (missing < 0) return column;
    throw fail(column, `an empty cell in line ${table.lines[missing]}`);
  };
}

function isNumeric(column: Column): column is NumericColumn {
  return column.kind !== "text";
}
