import { suggestion } from "../border/options.js";
import { dayLength } from "../data/cell-text.js";
import type { CategoryCodec, ColumnCodec, TablePlan } from "../data/index.js";
import type { Column, NumericColumn, Table, TextColumn } from "../data/table.js";
import { DataError, UsageError } from "../errors.js";
import { textsOf } from "./codecs.js";

export interface LearnTableOptions {
  readonly label?: string;
  readonly condition: readonly string[];
  readonly ignore: readonly string[];
  /** What is learned: of columns, given a condition; or classes, by columns. */
  readonly labelIs: "condition" | "predicted";
  /** Whether categories of x are one-hot. */
  readonly oneHot: boolean;
  /** Places of the training rows. */
  readonly train: Uint32Array;
}

/** Most levels of a category, and fewest rows to each on average: more are names. */
const most = { levels: 64, rowsEach: 2 } as const;
const mostClasses = 1000;

/**
 * Learns how the cells of each column become numbers: see {@link tableData}.
 *
 * @throws {UsageError} if there is no column of a name, or it has two uses.
 * @throws {DataError} naming a label or a condition that can't be one.
 */
export function learnTable(table: Table, options: LearnTableOptions): TablePlan {
  const { condition, ignore, labelIs, oneHot } = options;
  expectNames(table, options);
  const label = options.label === undefined ? undefined : labelCodec(table, options.label);
  const codecOf = (column: Column, isOneHot: boolean): ColumnCodec =>
    column.kind === "text" ? categoryOf(column, table, isOneHot) : numbersOf(column, options);
  const given = condition.map((name) => codecOf(columnOf(table, name), true));
  const useless = given.find(({ kind }) => kind === "omitted");
  if (useless?.kind === "omitted") {
    throw new DataError(
      `${table.name}: expected the condition "${useless.name}" to be numbers or categories, got one to leave out: ${useless.reason}; take it out of the condition`,
      { name: table.name, columns: [useless.name] },
    );
  }
  return {
    columns: table.columns.flatMap((column): ColumnCodec[] => {
      const { name } = column;
      if (name === options.label || condition.includes(name)) return [];
      if (ignore.includes(name)) return [{ name, kind: "omitted", reason: "as was asked" }];
      return [codecOf(column, oneHot)];
    }),
    condition: [
      ...given,
      ...(label && labelIs === "condition" ? [{ ...label, oneHot: true }] : []),
    ],
    ...(label && { label }),
  };
}

function columnOf({ columns }: Table, name: string): Column {
  return columns.find((column) => column.name === name)!;
}

function expectNames(table: Table, { label, condition, ignore }: LearnTableOptions): void {
  const names = table.columns.map(({ name }) => name);
  const uses = new Map<string, string>();
  for (const [use, all] of [
    ["label", label === undefined ? [] : [label]],
    ["condition", condition],
    ["ignore", ignore],
  ] as const) {
    for (const name of all) {
      if (!names.includes(name)) {
        throw new UsageError(
          `tableData: expected one of the columns of ${table.name}, ${names.map((one) => `"${one}"`).join(", ")}, got "${name}"${suggestion(name, names)}`,
          { columns: [name] },
        );
      }
      const other = uses.get(name);
      if (other !== undefined) {
        throw new UsageError(
          `tableData: expected a column to be named once, got "${name}" as ${other} and as ${use}; name it once`,
          { columns: [name] },
        );
      }
      uses.set(name, use);
    }
  }
}

/** Classes in the order of numbers, or of the alphabet. */
function labelCodec(table: Table, name: string): CategoryCodec {
  const column = columnOf(table, name);
  const text = textsOf(column);
  const fail = (got: string, remedy: string): DataError =>
    new DataError(
      `${table.name}: expected column "${name}" to hold classes, got ${got}; ${remedy}`,
      { name: table.name, columns: [name] },
    );
  const values = Array.from({ length: table.rows }, (_, row) => {
    const one = text(row);
    if (one !== undefined) return one;
    throw new DataError(
      `${table.name}: line ${table.lines[row]}, column "${name}": expected a class, got an empty cell; fill it, or leave the row out`,
      { name: table.name, rows: [row], columns: [name] },
    );
  });
  const distinct = [...new Set(values)];
  if (distinct.length > mostClasses || distinct.length * most.rowsEach > table.rows) {
    throw fail(
      `${distinct.length} different values in ${table.rows} rows`,
      "choose another label, or none",
    );
  }
  if (distinct.length < 2) throw fail(`"${distinct[0]}" in every row`, "choose another label");
  const { kind } = column;
  const levels = distinct.sort((a, b) =>
    kind === "number" ? Number(a) - Number(b) : a < b ? -1 : 1,
  );
  return {
    name,
    kind: "category",
    levels,
    missing: false,
    ...(kind !== "text" && { cells: kind }),
  };
}

function numbersOf(column: NumericColumn, { train }: LearnTableOptions): ColumnCodec {
  const { name, kind, values } = column;
  const isDay =
    kind === "date" && values.every((time) => Number.isNaN(time) || time % dayLength === 0);
  const codec = { name, kind, ...(isDay && { isDay }) };
  if (!values.some(Number.isNaN)) return codec;
  if (values.every(Number.isNaN))
    return { name, kind: "omitted", reason: "all its cells are empty" };
  const training = Float64Array.from(train, (row) => values[row]!);
  return { ...codec, fill: median(training) ?? median(values)! };
}

function categoryOf(column: TextColumn, table: Table, oneHot: boolean): ColumnCodec {
  const { name, codes, dictionary } = column;
  const used = new Set(codes);
  const levels = dictionary.filter((_, code) => used.has(code)).sort();
  if (levels.length === 0) return { name, kind: "omitted", reason: "all its cells are empty" };
  if (levels.length > most.levels || levels.length * most.rowsEach > table.rows) {
    const reason = `${levels.length} different texts in ${table.rows} rows are names, not categories`;
    return { name, kind: "omitted", reason };
  }
  return { name, kind: "category", levels, missing: used.has(-1), ...(oneHot && { oneHot }) };
}

/** The lower median of the numbers that are there, so that whole numbers stay whole. */
function median(values: Float64Array): number | undefined {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return sorted.length === 0 ? undefined : sorted[(sorted.length - 1) >> 1]!;
}
