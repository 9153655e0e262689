import { closable } from "../../closable.js";
import { expectOneOf } from "../../border/options.js";
import { DataError, UsageError } from "../../errors.js";
import {
  defaultChunkRows,
  kindsInWords,
  textColumn,
  type CellProblem,
  type Column,
  type ColumnHead,
  type ColumnKind,
  type RowProblem,
  type Table,
  type TableOptions,
  type TableReader,
} from "../table.js";
import { lookAhead, once, regrouped, type LookAhead } from "./look-ahead.js";

/** A row as a format gives it. */
export interface FileRow<C> {
  /** Line of the file, 1 at first. */
  readonly line: number;
  /** A cell for each column; undefined where the row ended before it. */
  readonly cells: readonly (C | undefined)[];
  /** What is wrong with the row as a whole. */
  readonly problem?: CellProblem;
}

/** Reads one cell as a kind: null if it's missing, undefined if it isn't of that kind. */
export type ReadCell<C> = (
  cell: C,
  kind: ColumnKind,
  lost: () => void,
) => number | string | null | undefined;

/** What a format knows of its rows when the table is opened. */
export interface RowFormat<C> {
  readonly name: string;
  readonly columns: readonly ColumnHead[];
  readonly summary: readonly string[];
  readonly rows: LookAhead<readonly FileRow<C>[]>;
  readonly read: ReadCell<C>;
  /** What a cell is called in messages. */
  readonly show: (cell: C | undefined) => string;
  /** A cell as it stands in the file. */
  readonly text: (cell: C) => string;
  /** Names a row in messages: `line`, or `row` in formats without lines. */
  readonly place: "line" | "row";
  /** What to do with a number that is a name. */
  readonly asName: string;
}

/** Rows that kinds of columns are detected from. */
export const sampleRows = 10_000;

/** Looks at as many rows as kinds are detected from. */
export function sampled<C>(
  groups: AsyncIterable<readonly FileRow<C>[]>,
): Promise<LookAhead<readonly FileRow<C>[]>> {
  return lookAhead(
    groups,
    (read) => read.reduce((count, group) => count + group.length, 0) >= sampleRows,
  );
}

/** A reader of the rows of a format. */
export function rowReader<C>(format: RowFormat<C>, options: TableOptions): TableReader {
  const { name, columns, summary, rows } = format;
  const { chunkRows = defaultChunkRows, invalid = "error" } = options;
  const chunks = once(name, async function* (): AsyncGenerator<Table> {
    const warned = new Set<string>();
    for await (const group of regrouped(rows.all(), chunkRows)) {
      const table = tableOf(group, format, warned);
      if (invalid === "error" && table.problems.length > 0) {
        throw problemError(name, format.place, table.problems);
      }
      yield table;
    }
  });
  return { name, columns, summary, chunks, ...closable(rows.close) };
}

/** The error of the first of these problems, with the number of the others. */
export function problemError(
  name: string,
  place: "line" | "row",
  problems: readonly CellProblem[],
): DataError {
  const first = problems.reduce((least, one) => (one.line < least.line ? one : least));
  const more = problems.length - 1;
  const others = more === 0 ? "" : ` (and ${more} more near it)`;
  return new DataError(
    `${name}: ${place} ${first.line}, ${first.column === "" ? "" : `column "${first.column}": `}expected ${first.expected}, got ${first.got}${others}; ` +
      'mend the file, give the column another kind, or take such cells for missing (invalid: "missing")',
    { name, columns: first.column === "" ? [] : [first.column] },
  );
}

function tableOf<C>(rows: readonly FileRow<C>[], format: RowFormat<C>, warned: Set<string>): Table {
  const { columns, name, place } = format;
  const problems = rows.flatMap(({ problem }, row): RowProblem[] =>
    problem ? [{ row, ...problem }] : [],
  );
  const warnings: string[] = [];
  return {
    name,
    rows: rows.length,
    columns: columns.map((head, at) =>
      columnOf(rows, at, head, format, {
        bad: (row) => {
          problems.push({
            row,
            line: rows[row]!.line,
            column: head.name,
            expected: kindsInWords[head.kind],
            got: format.show(rows[row]!.cells[at]),
          });
        },
        lost: (row) => {
          if (warned.has(head.name)) return;
          warned.add(head.name);
          warnings.push(
            `${name}: ${place} ${rows[row]!.line}, column "${head.name}": ${format.show(rows[row]!.cells[at])} has more digits than a number here keeps; if it's a name, ${format.asName}`,
          );
        },
      }),
    ),
    lines: Float64Array.from(rows, ({ line }) => line),
    problems,
    warnings,
    textOf: (row, column) => {
      const cell = rows[row]!.cells[column];
      return cell === undefined ? "" : format.text(cell);
    },
  };
}

interface Reports {
  readonly bad: (row: number) => void;
  readonly lost: (row: number) => void;
}

function columnOf<C>(
  rows: readonly FileRow<C>[],
  at: number,
  { name, kind }: ColumnHead,
  { read }: RowFormat<C>,
  { bad, lost }: Reports,
): Column {
  const cellOf = (row: number): number | string | null => {
    const cell = rows[row]!.cells[at];
    if (cell === undefined) return null;
    const value = read(cell, kind, () => {
      lost(row);
    });
    if (value === undefined) bad(row);
    return value ?? null;
  };
  if (kind === "text") {
    return textColumn(
      name,
      rows.map((_, row) => cellOf(row)?.toString()),
    );
  }
  const values = new Float64Array(rows.length);
  for (let row = 0; row < rows.length; row++) values[row] = Number(cellOf(row) ?? NaN);
  return { name, kind, values };
}

/**
 * Checks the names of columns and takes the kinds that the caller chose.
 *
 * @throws {DataError} if two columns have one name, or there are too many.
 * @throws {UsageError} if a kind is chosen for a column that there isn't, or isn't a kind.
 */
export function columnHeads(
  name: string,
  names: readonly string[],
  detected: (at: number) => ColumnKind,
  kinds: TableOptions["kinds"] = {},
): ColumnHead[] {
  expectDistinct(name, names);
  const chosen = new Map(
    typeof kinds === "function"
      ? names.flatMap((column) => {
          const kind = kinds(column);
          return kind ? [[column, kind] as const] : [];
        })
      : Object.entries(kinds),
  );
  for (const [column, kind] of chosen) {
    expectOneOf(column, names, `${name}: kinds`);
    expectOneOf(kind, ["number", "boolean", "date", "text"], `${name}: kind of "${column}"`);
  }
  return names.map((column, at) => ({ name: column, kind: chosen.get(column) ?? detected(at) }));
}

/**
 * Column heads where the file or array itself says each column's kind, and no other may be chosen.
 *
 * @param held what holds the kinds, for the error: `file` or `array`
 * @throws {DataError} as {@link columnHeads} does.
 * @throws {UsageError} likewise, or if another kind is chosen.
 */
export function typedHeads(
  name: string,
  typed: readonly ColumnHead[],
  held: string,
  kinds: TableOptions["kinds"],
): ColumnHead[] {
  const names = typed.map((column) => column.name);
  const columns = columnHeads(name, names, (at) => typed[at]!.kind, kinds);
  columns.forEach(({ name: column, kind }, at) => {
    if (kind === typed[at]!.kind) return;
    throw new UsageError(
      `${name}: kind of "${column}": expected ${typed[at]!.kind}, which the ${held} holds, got ${kind}; leave it out`,
      { columns: [column] },
    );
  });
  return columns;
}

const maxColumns = 65_536;

/** @throws {DataError} if there are more columns than any table should have. */
export function expectColumns(name: string, count: number): void {
  if (count <= maxColumns) return;
  throw new DataError(
    `${name}: expected at most ${maxColumns} columns, got ${count}; check the separator, or the array's shape`,
    { name },
  );
}

function expectDistinct(name: string, names: readonly string[]): void {
  expectColumns(name, names.length);
  const seen = new Map<string, number>();
  names.forEach((column, at) => {
    const first = seen.get(column);
    if (first === undefined) {
      seen.set(column, at);
      return;
    }
    throw new DataError(
      `${name}: expected columns of different names, got "${column}" for columns ${first + 1} and ${at + 1}; rename one`,
      { name, columns: [column] },
    );
  });
}

/** A cell as messages show it, shortened. */
export function quoted(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}..." (${text.length} letters)` : `${text}"`;
  return `"${short.replaceAll("\n", "\\n")}`;
}
