import { expectKind } from "../border/kinds.js";
import type { Closable } from "../closable.js";
import { DataError, UsageError } from "../errors.js";

/** The kind of a column's cells: `date` is a point of time, `boolean` is true or false. */
export type ColumnKind = "number" | "boolean" | "date" | "text";

/** What a cell of a kind is, for messages. */
export const kindsInWords: Readonly<Record<ColumnKind, string>> = {
  number: "a number",
  boolean: "true or false",
  date: "a date such as 2024-12-31 or 2024-12-31T23:59:59Z",
  text: "text",
};

/** A column's name and kind, the same in all chunks of a file. */
export interface ColumnHead {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** Numbers; 0 and 1 for booleans; milliseconds since 1970, UTC, for dates. */
export interface NumericColumn extends ColumnHead {
  readonly kind: "number" | "boolean" | "date";
  /** `[rows]`; NaN exactly where the cell is missing. */
  readonly values: Float64Array;
}

/** Text, coded by a dictionary of the table's own. */
export interface TextColumn extends ColumnHead {
  readonly kind: "text";
  /** `[rows]`, index into `dictionary`; −1 exactly where the cell is missing. */
  readonly codes: Int32Array;
  /** Each text once, in order of appearance. */
  readonly dictionary: readonly string[];
}

/** A column as it stands in the file. */
export type Column = NumericColumn | TextColumn;

/** A cell or a line that isn't what its column holds. */
export interface CellProblem {
  /** Line of the file, 1 at first; row number in formats without lines. */
  readonly line: number;
  readonly column: string;
  readonly expected: string;
  readonly got: string;
}

/** A {@link CellProblem} of a row in hand. */
export interface RowProblem extends CellProblem {
  /** Place of the row in its table: several may begin on one line. */
  readonly row: number;
}

/** Rows of named columns in the units of the file: a whole file, or a chunk of one. */
export interface Table {
  /** Name of the file. */
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  /** `[rows]`: the line that each row begins on, 1 at first; row numbers in formats without lines. */
  readonly lines: Float64Array;
  /** Cells that `invalid: "missing"` made missing; empty with `invalid: "error"`. */
  readonly problems: readonly RowProblem[];
  /** Cells that were read but not as they stood, such as digits that float64 doesn't hold. */
  readonly warnings: readonly string[];
  /**
   * A cell as it stands in the file, "" for a missing one; absent where the file holds no text, and of
   * tables that are joined or made.
   */
  readonly textOf?: (row: number, column: number) => string;
}

/** A file of rows, opened: its columns are known, its rows still to come. */
export interface TableReader extends Closable {
  /** Name of the file. */
  readonly name: string;
  readonly columns: readonly ColumnHead[];
  /** Findings about the file, a sentence each: separator, header, encoding, ... */
  readonly summary: readonly string[];
  /**
   * All rows in order, in tables of at most `chunkRows` rows, all with `columns`. Only one is in
   * memory at a time. Can be read once; leaving the loop closes the file.
   *
   * @throws {DataError} naming file, line and column of what isn't as it should be.
   */
  chunks(): AsyncIterable<Table>;
}

/** How cells are read, whatever the format. */
export interface TableOptions {
  /** Most rows of a chunk; 8,192 unless given. */
  readonly chunkRows?: number;
  /**
   * Kinds of columns by name, where the detected one isn't wanted; or a function that tells of each
   * column there is, and leaves those to detection of which it knows nothing.
   */
  readonly kinds?:
    Readonly<Record<string, ColumnKind>> | ((name: string) => ColumnKind | undefined);
  /**
   * Whether a cell of another kind than its column, or a line with too few or too many cells, is an
   * error (the default), or is missing and listed in `problems`.
   */
  readonly invalid?: "error" | "missing";
}

export const defaultChunkRows = 8192;

/**
 * All rows of a file as one table.
 *
 * @throws {DataError} if there are none, or what {@link TableReader.chunks} throws.
 */
export async function readTable(reader: TableReader): Promise<Table> {
  expectKind(reader, "table reader", "readTable");
  const chunks: Table[] = [];
  for await (const chunk of reader.chunks()) chunks.push(chunk);
  if (chunks.length === 0) {
    throw new DataError(
      `${reader.name}: expected at least one row, got ${reader.columns.length} columns and no rows; check that the file is whole`,
      { name: reader.name },
    );
  }
  return joinTables(chunks);
}

/**
 * Some rows of a table, in the order of their places; one may come several times.
 * @param rows places in the table
 * @throws {UsageError} if the table has no such place.
 */
export function takeRows(table: Table, rows: ArrayLike<number>): Table {
  expectKind(table, "table", "takeRows");
  expectKind(rows, "list", "takeRows");
  const { columns, lines, problems, textOf } = table;
  const places = Array.from(rows);
  const bad = places.find((row) => !(Number.isInteger(row) && row >= 0 && row < table.rows));
  if (bad !== undefined) {
    throw new UsageError(`takeRows: expected rows of 0 to ${table.rows - 1}, got ${bad}`, {
      name: "rows",
    });
  }
  const found = new Map<number, RowProblem[]>();
  for (const problem of problems) {
    found.set(problem.row, [...(found.get(problem.row) ?? []), problem]);
  }
  return {
    ...table,
    rows: places.length,
    columns: columns.map((column) =>
      column.kind === "text"
        ? { ...column, codes: Int32Array.from(places, (row) => column.codes[row]!) }
        : { ...column, values: Float64Array.from(places, (row) => column.values[row]!) },
    ),
    lines: Float64Array.from(places, (row) => lines[row]!),
    problems: places.flatMap((from, row) =>
      (found.get(from) ?? []).map((problem) => ({ ...problem, row })),
    ),
    ...(textOf && { textOf: (row: number, column: number) => textOf(places[row]!, column) }),
  };
}

/** A table that is made, not read: rows are numbered from 1 unless they have lines. */
export function madeTable(
  name: string,
  rows: number,
  columns: readonly Column[],
  lines: Float64Array = Float64Array.from({ length: rows }, (_, row) => row + 1),
): Table {
  return { name, rows, columns, lines, problems: [], warnings: [] };
}

/**
 * Tables with the same columns, one below the other.
 * @throws {DataError} if there is none, or one has other columns than the first.
 */
export function joinTables(chunks: readonly Table[]): Table {
  expectKind(chunks, "list", "joinTables");
  const [first] = chunks;
  if (first === undefined) throw new DataError("joinTables: expected a table, got none; give one");
  for (const chunk of chunks) {
    expectKind(chunk, "table", "joinTables");
    expectSameColumns(first.columns, chunk, "joinTables");
  }
  if (chunks.length === 1) return first;
  let rows = 0;
  const problems = chunks.flatMap((chunk) => {
    const start = rows;
    rows += chunk.rows;
    return chunk.problems.map((problem) => ({ ...problem, row: start + problem.row }));
  });
  return {
    name: first.name,
    rows,
    columns: first.columns.map((_, at) => joinColumns(chunks.map(({ columns }) => columns[at]!))),
    lines: concatenated(chunks.map(({ lines }) => lines)),
    problems,
    warnings: [...new Set(chunks.flatMap(({ warnings }) => warnings))],
  };
}

/**
 * @param first columns of the first of several tables
 * @param where names the entry point in messages
 * @throws {DataError} unless a table has columns of the same names and kinds in the same order.
 */
export function expectSameColumns(
  first: readonly ColumnHead[],
  { name, columns }: Table,
  where: string,
): void {
  const [expected, got] = [namesOf(first), namesOf(columns)];
  if (expected.length !== got.length || got.some((column, at) => column !== expected[at])) {
    throw new DataError(
      `${where}: expected columns ${expected.join(", ")} in all tables, got ${got.join(", ")} in ${name}; give those of other columns apart`,
      { name },
    );
  }
  const at = columns.findIndex(({ kind }, place) => kind !== first[place]!.kind);
  if (at < 0) return;
  const { name: column, kind } = columns[at]!;
  throw new DataError(
    `${where}: expected column "${column}" to be of kind ${first[at]!.kind} in all tables, got ${kind} in ${name}; read them with the same kinds`,
    { name, columns: [column] },
  );
}

function namesOf(columns: readonly ColumnHead[]): string[] {
  return columns.map(({ name }) => name);
}

function joinColumns(parts: readonly Column[]): Column {
  const { name, kind } = parts[0]!;
  if (kind !== "text") {
    const numeric = parts.flatMap((part) => (part.kind === "text" ? [] : [part.values]));
    return { name, kind, values: concatenated(numeric) };
  }
  const dictionary = new Map<string, number>();
  const coded = parts.flatMap((part) => {
    if (part.kind !== "text") return [];
    const codes = part.dictionary.map((text) => codeOf(dictionary, text));
    return [part.codes.map((code) => (code < 0 ? -1 : codes[code]!))];
  });
  const codes = new Int32Array(coded.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of coded) {
    codes.set(part, at);
    at += part.length;
  }
  return { name, kind, codes, dictionary: [...dictionary.keys()] };
}

/** Texts as a column, coded in order of appearance; undefined where the cell is missing. */
export function textColumn(name: string, texts: readonly (string | undefined)[]): TextColumn {
  const dictionary = new Map<string, number>();
  const codes = Int32Array.from(texts, (text) =>
    text === undefined ? -1 : codeOf(dictionary, text),
  );
  return { name, kind: "text", codes, dictionary: [...dictionary.keys()] };
}

/** The text's place in the dictionary, which takes it in if it's new. */
export function codeOf(dictionary: Map<string, number>, text: string): number {
  const known = dictionary.get(text);
  if (known !== undefined) return known;
  dictionary.set(text, dictionary.size);
  return dictionary.size - 1;
}

export function concatenated(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
