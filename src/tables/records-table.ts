import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import type { TablePlan } from "../data/index.js";
import { dateOf } from "../data/readers/cells.js";
import {
  textColumn,
  kindsInWords,
  type Column,
  type ColumnKind,
  type RowProblem,
  type Table,
} from "../data/table.js";
import { DataError } from "../errors.js";
import { tableKinds } from "./codecs.js";

/** A row in hand: values by the columns' names, as JSON has them. */
export type RowRecord = Readonly<Record<string, unknown>>;

export interface RecordsTableOptions {
  /** The name of the rows in messages; `rows` unless given. */
  readonly name?: string;
}

/**
 * Rows in hand, such as a request's body, as a table for `scoreTable`: a number, true or false, a text,
 * a date as `Date` or text in ISO 8601; null, or no value, for an empty cell. A value of another kind is
 * listed in `problems`, and its row has no score. Lines are the rows' numbers, 1 at first.
 *
 * @param plan of the checkpoint's `data.table`
 * @throws {DataError} if there is no row, or one is no object.
 *
 * @example
 * const row = { length: 1190, mass: 0.0194, machine: "south" };
 * const { score } = await scoreTable(runner, recordsTable([row], runner.data!.table!));
 */
export function recordsTable(
  records: readonly RowRecord[],
  plan: TablePlan,
  options: RecordsTableOptions = {},
): Table {
  expectOptions(options, ["name"], "recordsTable");
  const { name = "rows" } = options;
  expectRecords(records, name);
  expectKind(plan, "table plan", "recordsTable");
  const kindOf = tableKinds(plan);
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  // Where training had empty cells, a row may be without the name.
  for (const codec of [...plan.columns, ...plan.condition]) {
    if (mayBeMissing(codec)) names.add(codec.name);
  }
  const problems: RowProblem[] = [];
  const columns = [...names].map((column) => {
    const kind = kindOf(column) ?? "text";
    const isUsed = kindOf(column) !== undefined;
    return columnOf(column, kind, records, (row, value) => {
      if (!isUsed) return;
      problems.push({
        row,
        line: row + 1,
        column,
        expected: kindsInWords[kind],
        got: described(value),
      });
    });
  });
  const lines = Float64Array.from(records, (_, row) => row + 1);
  return { name, rows: records.length, columns, lines, problems, warnings: [] };
}

function mayBeMissing(codec: TablePlan["columns"][number]): boolean {
  if (codec.kind === "omitted") return false;
  return codec.kind === "category" ? codec.missing : codec.fill !== undefined;
}

function expectRecords(records: readonly unknown[], name: string): void {
  const expected = "recordsTable: expected an array of rows, an object of values by column each";
  if (!Array.isArray(records) || records.length === 0) {
    throw new DataError(
      `${expected}, got ${Array.isArray(records) ? "none" : described(records)}`,
      {
        name,
      },
    );
  }
  const bad = records.findIndex(
    (one) => typeof one !== "object" || one === null || Array.isArray(one),
  );
  if (bad < 0) return;
  throw new DataError(`${expected}, got ${described(records[bad])} for row ${bad}`, {
    name,
    rows: [bad],
  });
}

function columnOf(
  name: string,
  kind: ColumnKind,
  records: readonly RowRecord[],
  bad: (row: number, value: unknown) => void,
): Column {
  const cells = records.map((record, row) => {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    if (value === null || value === undefined) return undefined;
    const cell = readers[kind](value);
    if (cell === undefined) bad(row, value);
    return cell;
  });
  if (kind !== "text") {
    return { name, kind, values: Float64Array.from(cells, (cell) => Number(cell ?? NaN)) };
  }
  return textColumn(
    name,
    cells.map((cell) => cell?.toString()),
  );
}

/** A value as a kind; undefined if it isn't of that kind. */
const readers: Readonly<Record<ColumnKind, (value: unknown) => number | string | undefined>> = {
  number: (value) => (typeof value === "number" && !Number.isNaN(value) ? value : undefined),
  boolean: (value) => (typeof value === "boolean" ? Number(value) : undefined),
  date: (value) => {
    const time = value instanceof Date ? value.getTime() : NaN;
    if (!Number.isNaN(time)) return time;
    return typeof value === "string" ? dateOf(value) : undefined;
  },
  text: (value) => (typeof value === "string" ? value : undefined),
};

function described(value: unknown): string {
  if (typeof value === "string") return `the text "${value.slice(0, 40)}"`;
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
