import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions, suggestion } from "../border/options.js";
import type { TablePlan } from "../data/index.js";
import type { Column, RowProblem, Table } from "../data/table.js";
import { DataError } from "../errors.js";
import type { NumberArray } from "../tree.js";
import { cellKind, featureNames, keptColumns, labelOf, textsOf, type KeptCodec } from "./codecs.js";
import { encodeColumn } from "./encode-column.js";

/** Numbers of float64. */
type Numbers = NumberArray & { readonly data: Float64Array };

/** Rows of a file as numbers. */
export interface EncodedTable {
  /** `[rows, D]` in the columns' own units; NaN in each row that has a problem. */
  readonly x: Numbers;
  /** `[rows, K]`, likewise; absent where the plan has no condition. */
  readonly condition?: Numbers;
  /** Cells and lines that can't be taken, in the order of the rows. */
  readonly problems: readonly RowProblem[];
  /** Columns that training didn't see; they are passed over. */
  readonly surplus: readonly string[];
}

export interface EncodeTableOptions {
  /**
   * `"error"` (the default) refuses the table for a cell that can't be taken; `"nan"` lists such cells
   * and gives NaN for their rows.
   */
  readonly invalid?: "error" | "nan";
}

const where = "encodeTable";

/**
 * Cells as the numbers that a model was trained on: numbers and booleans as they are, dates in
 * milliseconds, categories by their codes or one-hot, missing cells by what stands for them.
 *
 * @param plan of a checkpoint's `data.table`
 * @throws {DataError} naming columns that are missing or of another kind; or, for `invalid: "error"`,
 * line and column of the first cell that is missing, not finite, or of a category that training didn't
 * see.
 */
export function encodeTable(
  table: Table,
  plan: TablePlan,
  options: EncodeTableOptions = {},
): EncodedTable {
  expectKind(table, "table", where);
  expectKind(plan, "table plan", where);
  expectOptions(options, ["invalid"], where);
  const invalid = expectOneOf(options.invalid ?? "error", ["error", "nan"], `${where}: invalid`);
  const [own, given] = [keptColumns(plan.columns), keptColumns(plan.condition)];
  const columns = columnsOf(table, [...own, ...given]);
  const found = new Problems(table, [...own, ...given]);
  const x = numbersOf(table, columns.slice(0, own.length), own, found);
  const condition = numbersOf(table, columns.slice(own.length), given, found);
  // A column may hold any number, with a density of 0; nothing is known given such a condition.
  const names = featureNames(given);
  condition.data.forEach((value, i) => {
    if (Number.isNaN(value) || Number.isFinite(Math.fround(value))) return;
    const row = Math.floor(i / names.length);
    found.add({
      row,
      line: table.lines[row]!,
      column: names[i % names.length]!,
      expected: "a condition of at most 3.4e38",
      got: String(value),
    });
  });
  const { rows, problems } = found.all();
  if (invalid === "error" && problems.length > 0) throw problemError(table.name, problems);
  for (const { shape, data } of [x, condition]) {
    for (const row of rows) data.fill(NaN, row * shape[1]!, (row + 1) * shape[1]!);
  }
  const all = [...plan.columns, ...plan.condition, ...labelOf(plan)];
  const known = new Set(all.map(({ name }) => name));
  return {
    x,
    ...(given.length > 0 && { condition }),
    problems,
    surplus: table.columns.flatMap(({ name }) => (known.has(name) ? [] : [name])),
  };
}

/**
 * The condition of a table that may have no other columns, `[rows, K]`.
 * @throws {DataError} as {@link encodeTable} for `invalid: "error"`.
 */
export function encodeCondition(table: Table, { condition }: TablePlan): Numbers {
  const { x } = encodeTable(table, { columns: condition, condition: [] });
  return x;
}

/**
 * Places of the rows' classes in the plan's levels, −1 where a cell is empty or no class of training;
 * nothing if the table hasn't got the plan's label.
 */
export function encodeLabels(table: Table, { label }: TablePlan): Int32Array | undefined {
  const column = table.columns.find(({ name }) => name === label?.name);
  if (!label || !column) return undefined;
  const places = new Map(label.levels.map((level, place) => [level, place]));
  const text = textsOf(column);
  return Int32Array.from({ length: table.rows }, (_, row) => places.get(text(row) ?? "") ?? -1);
}

function numbersOf(
  table: Table,
  columns: readonly Column[],
  codecs: readonly KeptCodec[],
  found: Problems,
): Numbers {
  const features = featureNames(codecs).length;
  const data = new Float64Array(table.rows * features);
  let at = 0;
  codecs.forEach((codec, c) => {
    const bad = (row: number, expected: string, got: string): void => {
      found.add({ row, line: table.lines[row]!, column: codec.name, expected, got });
    };
    at = encodeColumn(columns[c]!, codec, { data, features, at, bad });
  });
  return { shape: [table.rows, features], data };
}

/**
 * The columns of these codecs, in their order.
 * @throws {DataError} naming columns that are missing or of another kind.
 */
export function columnsOf(table: Table, kept: readonly KeptCodec[]): Column[] {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const missing = kept.flatMap(({ name }) => (byName.has(name) ? [] : [name]));
  if (missing.length > 0) {
    const got = [...byName.keys()];
    throw new DataError(
      `${table.name}: expected ${missing.length === 1 ? "a column" : "columns"} ${missing.map((name) => `"${name}"`).join(", ")}, as in training, got only ${got.map((name) => `"${name}"`).join(", ")}${suggestion(missing[0]!, got)}; add what is missing, or check the header`,
      { name: table.name, columns: missing },
    );
  }
  return kept.map((codec) => {
    const column = byName.get(codec.name)!;
    const kind = cellKind(codec);
    if (column.kind === kind) return column;
    throw new DataError(
      `${table.name}: expected column "${codec.name}" to be of kind ${kind}, as in training, got ${column.kind}; open the file with \`kinds: tableKinds(plan)\``,
      { name: table.name, columns: [codec.name] },
    );
  });
}

/** Problems of rows, those that the reader found and those that encoding finds. */
class Problems {
  /** By row, in order of discovery. */
  readonly #found = new Map<number, RowProblem[]>();

  constructor(table: Table, kept: readonly KeptCodec[]) {
    const names = new Set(["", ...kept.map(({ name }) => name)]);
    for (const problem of table.problems) if (names.has(problem.column)) this.add(problem);
  }

  /** Takes in a problem, unless the reader has already said what is wrong with the cell or the line. */
  add(problem: RowProblem): void {
    const others = this.#found.get(problem.row);
    if (!others) this.#found.set(problem.row, [problem]);
    else if (!others.some(({ column }) => column === "" || column === problem.column)) {
      others.push(problem);
    }
  }

  all(): { readonly rows: readonly number[]; readonly problems: readonly RowProblem[] } {
    const rows = [...this.#found.keys()].sort((a, b) => a - b);
    return { rows, problems: rows.flatMap((row) => this.#found.get(row)!) };
  }
}

function problemError(name: string, problems: readonly RowProblem[]): DataError {
  const [{ line, column, expected, got }] = problems as readonly [RowProblem];
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return new DataError(
    `${name}: line ${line}${column === "" ? "" : `, column "${column}"`}: expected ${expected}, got ${got}${others}; mend it, or leave the row out`,
    { name, columns: column === "" ? [] : [column] },
  );
}
