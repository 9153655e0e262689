import { suggestion } from "../border/options.js";
import type { ColumnCodec, TablePlan } from "../data/index.js";
import type { Column, NumericColumn, Table, TextColumn } from "../data/table.js";
import { DataError, UsageError } from "../errors.js";

export interface LearnTableOptions {
  readonly label?: string;
  readonly ignore: readonly string[];
  readonly missing: "impute" | "error";
  /** Places of the training rows. */
  readonly train: Uint32Array;
}

/** Milliseconds. */
export const day = 86_400_000;

/** Most levels of a category, and fewest rows to each on average: more are names. */
const most = { levels: 64, rowsEach: 2 } as const;

/**
 * Learns how the cells of each column become numbers: see {@link tableData}.
 *
 * @throws {UsageError} if there is no column of a name.
 * @throws {DataError} naming line and column of a missing cell, if none may be.
 */
export function learnTable(table: Table, options: LearnTableOptions): TablePlan {
  const { label, ignore } = options;
  const names = table.columns.map(({ name }) => name);
  for (const name of [...ignore, ...(label === undefined ? [] : [label])]) {
    if (names.includes(name)) continue;
    throw new UsageError(
      `tableData: expected one of the columns of ${table.name}, ${names.map((one) => `"${one}"`).join(", ")}, got "${name}"${suggestion(name, names)}`,
      { columns: [name] },
    );
  }
  return {
    columns: table.columns.flatMap((column): ColumnCodec[] => {
      const { name } = column;
      if (name === label) return [];
      if (ignore.includes(name)) return [{ name, kind: "omitted", reason: "as was asked" }];
      return [
        column.kind === "text"
          ? categoryOf(column, table, options)
          : numbersOf(column, table, options),
      ];
    }),
    ...(label !== undefined && { label }),
  };
}

function numbersOf(column: NumericColumn, table: Table, options: LearnTableOptions): ColumnCodec {
  const { name, kind, values } = column;
  const first = values.findIndex(Number.isNaN);
  const isDay = kind === "date" && values.every((time) => Number.isNaN(time) || time % day === 0);
  const codec = { name, kind, ...(isDay && { isDay }) };
  if (first < 0) return codec;
  if (values.every(Number.isNaN))
    return { name, kind: "omitted", reason: "all its cells are empty" };
  if (options.missing === "error") throw missingCell(column, table, first);
  const training = Float64Array.from(options.train, (row) => values[row]!);
  return { ...codec, fill: median(training) ?? median(values)! };
}

function categoryOf(column: TextColumn, table: Table, options: LearnTableOptions): ColumnCodec {
  const { name, codes, dictionary } = column;
  const levels = [...dictionary].sort();
  if (levels.length === 0) return { name, kind: "omitted", reason: "all its cells are empty" };
  const first = codes.indexOf(-1);
  if (first >= 0 && options.missing === "error") throw missingCell(column, table, first);
  if (levels.length > most.levels || levels.length * most.rowsEach > table.rows) {
    const reason = `${levels.length} different texts in ${table.rows} rows are names, not categories`;
    return { name, kind: "omitted", reason };
  }
  return { name, kind: "category", levels, missing: first >= 0 };
}

function missingCell({ name }: Column, table: Table, row: number): DataError {
  return new DataError(
    `${table.name}: line ${table.lines[row]}, column "${name}": expected a value, got an empty cell; fill it, leave the row out, or pass \`missing: "impute"\``,
    { name: table.name, rows: [row], columns: [name] },
  );
}

/** The lower median of the numbers that are there, so that whole numbers stay whole. */
function median(values: Float64Array): number | undefined {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return sorted.length === 0 ? undefined : sorted[(sorted.length - 1) >> 1]!;
}
