import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import { arrayData, holdOut, type DataSet } from "../data/index.js";
import type { Column, Table } from "../data/table.js";
import { DataError, UsageError } from "../errors.js";
import { encodeTable, featureNames } from "./encode-table.js";
import { learnTable } from "./learn-table.js";
import { tableRecipe } from "./recipe.js";

export interface TableDataOptions {
  /** Column of the rows' classes, which is no part of x; none unless given. */
  readonly label?: string;
  /** Columns to leave out. */
  readonly ignore?: readonly string[];
  /** Share of the rows that is held out, in (0, 1); {@link tableRecipe}'s unless given. */
  readonly holdout?: number;
  /**
   * What becomes of missing cells: `"impute"` (the default) puts the training rows' median in their
   * place, with a column beside it that says so, and makes them a level of their own in categories;
   * `"error"` refuses them.
   */
  readonly missing?: "impute" | "error";
}

/** Fewest rows that anything can be learned from. */
const fewest = 8;
const mostClasses = 1000;
const where = "tableData";

/**
 * A table as a data set, with what each column needs:
 *
 * - numbers, and dates as milliseconds since 1970: standardised; whole ones dequantised first
 * - booleans, and texts as categories by their places in alphabetical order: whole numbers, dequantised
 * - constants, copies, empty columns and texts that are names: left out
 *
 * Part of the rows is held out as the split `validation`, the same ones for the same number of rows.
 *
 * @param table such as `await readTable(await openTable(source))`
 * @throws {DataError} if there are fewer than 8 rows, no column varies, or a cell can't be taken: line
 * and column are named.
 * @throws {UsageError} if an option is unknown, or there is no column of its name.
 */
export function tableData(table: Table, options: TableDataOptions = {}): DataSet {
  expectKind(table, "table", where);
  expectOptions(options, ["label", "ignore", "holdout", "missing"], where);
  const { label, ignore = [], holdout } = options;
  const missing = expectOneOf(
    options.missing ?? "impute",
    ["impute", "error"],
    `${where}: missing`,
  );
  const { name, rows } = table;
  if (rows < fewest) {
    throw new DataError(
      `${name}: expected at least ${fewest} rows to learn from, got ${rows}; add some`,
      { name },
    );
  }
  const validation = holdout === undefined ? usualShare(rows) : expectShare(holdout);
  const { train, validation: held } = holdOut(rows, validation);
  if (held.length < 2) {
    throw new UsageError(
      `${where}: expected a holdout of at least 2 of ${rows} rows, got ${held.length}; raise it`,
      { name: "holdout" },
    );
  }
  const plan = learnTable(table, {
    ignore,
    missing,
    train,
    ...(label !== undefined && { label }),
  });
  const columns = featureNames(plan);
  if (columns.length === 0) {
    throw new DataError(
      `${name}: expected a column to learn from, got ${plan.columns.map((codec) => `"${codec.name}"`).join(", ") || "none"}, all of which are left out; add one`,
      { name },
    );
  }
  const { x } = encodeTable(table, plan);
  const classes = label === undefined ? {} : classesOf(table, label);
  return { ...arrayData({ name, x, columns, validation, ...classes }), table: plan };
}

/** A share that holds out as many rows as the recipe says, whatever it is rounded to. */
function usualShare(rows: number): number {
  return (tableRecipe({ rows, columns: 1 }).heldOut + 0.5) / rows;
}

function expectShare(holdout: number): number {
  if (holdout > 0 && holdout < 1) return holdout;
  throw new UsageError(`${where}: expected a holdout above 0 and below 1, got ${holdout}`, {
    name: "holdout",
  });
}

function classesOf(table: Table, label: string): { labels: Int32Array; classes: string[] } {
  const column = table.columns.find(({ name }) => name === label)!;
  const value = valueOf(column);
  const values = Array.from({ length: table.rows }, (_, row) => {
    const one = value(row);
    if (one !== undefined) return one;
    throw new DataError(
      `${table.name}: line ${table.lines[row]}, column "${label}": expected a label, got an empty cell; fill it, or leave the row out`,
      { name: table.name, rows: [row], columns: [label] },
    );
  });
  const distinct = [...new Set(values)];
  if (distinct.length > mostClasses) {
    throw new DataError(
      `${table.name}: expected column "${label}" to hold classes, got ${distinct.length} different values; choose another label, or none`,
      { name: table.name, columns: [label] },
    );
  }
  const isNumber = column.kind !== "text";
  const classes = distinct.sort((a, b) => (isNumber ? Number(a) - Number(b) : a < b ? -1 : 1));
  const places = new Map(classes.map((one, place) => [one, place]));
  return { labels: Int32Array.from(values, (one) => places.get(one)!), classes };
}

/** A cell as text; undefined for a missing one. */
function valueOf(column: Column): (row: number) => string | undefined {
  if (column.kind === "text") return (row) => column.dictionary[column.codes[row]!];
  return (row) => {
    const value = column.values[row]!;
    return Number.isNaN(value) ? undefined : String(value);
  };
}
