import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions, suggestion } from "../border/options.js";
import type { ColumnCodec, TablePlan } from "../data/index.js";
import type { CellProblem, Column, ColumnKind, Table } from "../data/table.js";
import { DataError } from "../errors.js";
import type { NumberArray } from "../tree.js";

/** A column that a model takes. */
export type KeptCodec = Exclude<ColumnCodec, { readonly kind: "omitted" }>;

/** Rows of a file as numbers. */
export interface EncodedTable {
  /** `[rows, D]` in the columns' own units; NaN in each row that has a problem. */
  readonly x: NumberArray & { readonly data: Float64Array };
  /** Cells and lines that can't be taken, in the order of the lines. */
  readonly problems: readonly CellProblem[];
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
 * milliseconds, categories by their codes, missing cells by what stands for them.
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
  expectOptions(options, ["invalid"], where);
  const invalid = expectOneOf(options.invalid ?? "error", ["error", "nan"], `${where}: invalid`);
  const kept = keptColumns(plan);
  const columns = columnsOf(table, kept);
  const features = featureNames(plan).length;
  const data = new Float64Array(table.rows * features);
  const found = new Problems(table, kept);
  let at = 0;
  kept.forEach((codec, c) => {
    const bad = (row: number, expected: string, got: string): void => {
      found.add(row, { line: table.lines[row]!, column: codec.name, expected, got });
    };
    at = encodeColumn(columns[c]!, codec, { data, features, at, bad });
  });
  const { rows, problems } = found.all();
  if (invalid === "error" && problems.length > 0) throw problemError(table.name, problems);
  for (const row of rows) data.fill(NaN, row * features, (row + 1) * features);
  const known = new Set([...plan.columns.map((column) => column.name), plan.label]);
  return {
    x: { shape: [table.rows, features], data },
    problems,
    surplus: table.columns.flatMap(({ name }) => (known.has(name) ? [] : [name])),
  };
}

/** Names of the numbers that a plan makes of a row: the columns', and whether a cell was missing. */
export function featureNames(plan: TablePlan): string[] {
  return keptColumns(plan).flatMap((codec) =>
    codec.kind !== "category" && codec.fill !== undefined
      ? [codec.name, `${codec.name} is missing`]
      : [codec.name],
  );
}

/**
 * The kinds in which a file must be read to be encoded, for `openTable`'s `kinds`: what is detected
 * in a few rows may differ.
 */
export function tableKinds(plan: TablePlan): (name: string) => ColumnKind | undefined {
  const kinds = new Map(keptColumns(plan).map((codec) => [codec.name, fileKind(codec)]));
  return (name) => kinds.get(name);
}

export function keptColumns(plan: TablePlan): KeptCodec[] {
  expectKind(plan, "table plan", "a table's plan");
  const { columns } = plan;
  return columns.filter((codec): codec is KeptCodec => codec.kind !== "omitted");
}

function fileKind({ kind }: KeptCodec): ColumnKind {
  return kind === "category" ? "text" : kind;
}

function columnsOf(table: Table, kept: readonly KeptCodec[]): Column[] {
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
    const kind = fileKind(codec);
    if (column.kind === kind) return column;
    throw new DataError(
      `${table.name}: expected column "${codec.name}" to be of kind ${kind}, as in training, got ${column.kind}; open the file with \`kinds: tableKinds(plan)\``,
      { name: table.name, columns: [codec.name] },
    );
  });
}

/** Where a column's numbers go. */
interface Target {
  readonly data: Float64Array;
  readonly features: number;
  /** Place of the column's first number in a row. */
  readonly at: number;
  readonly bad: (row: number, expected: string, got: string) => void;
}

/** @returns the place after the column's last number. */
function encodeColumn(column: Column, codec: KeptCodec, target: Target): number {
  const { data, features, at, bad } = target;
  const unknown = "a cell that isn't empty, since none was in training";
  if (codec.kind === "category") {
    if (column.kind !== "text") return at;
    const places = new Map(codec.levels.map((level, place) => [level, place]));
    const codes = column.dictionary.map((level) => places.get(level));
    column.codes.forEach((code, row) => {
      const place = code < 0 ? (codec.missing ? codec.levels.length : undefined) : codes[code];
      if (place !== undefined) data[row * features + at] = place;
      else if (code < 0) bad(row, unknown, "nothing");
      else
        bad(row, `one of ${listed(codec.levels)}, as in training`, `"${column.dictionary[code]}"`);
    });
    return at + 1;
  }
  if (column.kind === "text") return at;
  const { fill } = codec;
  column.values.forEach((value, row) => {
    const to = row * features + at;
    if (Number.isNaN(value)) {
      if (fill === undefined) bad(row, unknown, "nothing");
      else data[to] = fill;
    } else if (Number.isFinite(value)) data[to] = value;
    else bad(row, "a finite number", String(value));
    if (fill !== undefined) data[to + 1] = Number.isNaN(value) ? 1 : 0;
  });
  return at + (fill === undefined ? 1 : 2);
}

function listed(levels: readonly string[]): string {
  const more = levels.length > 8 ? ` and ${levels.length - 8} more` : "";
  return `${levels
    .slice(0, 8)
    .map((level) => `"${level}"`)
    .join(", ")}${more}`;
}

/** What is wrong with rows: what the reader found, and what encoding finds. */
class Problems {
  /** By row, in order of discovery. */
  readonly #found = new Map<number, CellProblem[]>();

  constructor(table: Table, kept: readonly KeptCodec[]) {
    if (table.problems.length === 0) return;
    const names = new Set(["", ...kept.map(({ name }) => name)]);
    const rows = new Map(Array.from(table.lines, (line, row) => [line, row]));
    for (const problem of table.problems) {
      const row = rows.get(problem.line);
      if (row !== undefined && names.has(problem.column)) this.add(row, problem);
    }
  }

  /** Takes in a problem, unless the reader has already said what is wrong with the cell or the line. */
  add(row: number, problem: CellProblem): void {
    const others = this.#found.get(row);
    if (!others) this.#found.set(row, [problem]);
    else if (!others.some(({ column }) => column === "" || column === problem.column)) {
      others.push(problem);
    }
  }

  all(): { readonly rows: readonly number[]; readonly problems: readonly CellProblem[] } {
    const rows = [...this.#found.keys()].sort((a, b) => a - b);
    return { rows, problems: rows.flatMap((row) => this.#found.get(row)!) };
  }
}

function problemError(name: string, problems: readonly CellProblem[]): DataError {
  const [{ line, column, expected, got }] = problems as readonly [CellProblem];
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return new DataError(
    `${name}: line ${line}${column === "" ? "" : `, column "${column}"`}: expected ${expected}, got ${got}${others}; mend it, or leave the row out`,
    { name, columns: column === "" ? [] : [column] },
  );
}
