import { expectKind } from "../../border/kinds.js";
import { DataError, UsageError } from "../../errors.js";
import { lookAhead } from "../readers/look-ahead.js";
import { expectSameColumns, joinTables, type Column, type Table } from "../table.js";
import { csvText } from "./csv.js";
import { jsonText } from "./json.js";
import { npyBytes, npzBytes, outputArray, tableArrays } from "./npy.js";

type Tables = AsyncIterable<Table>;
type Pieces = AsyncIterable<Uint8Array | string>;

/** How rows are written, by the ending of the file's name. */
const formats: Readonly<Record<string, (tables: Tables, rows: number, path: string) => Pieces>> = {
  ".csv": (tables) => csvText(tables),
  ".tsv": (tables) => csvText(tables, { separator: "\t" }),
  ".json": (tables) => jsonText(tables, "array"),
  ".jsonl": (tables) => jsonText(tables, "lines"),
  ".npy": numberArray,
  ".npz": columnArrays,
};

/** Endings of files that {@link tableFile} writes; `.gz` may follow. */
export const tableEndings: readonly string[] = Object.keys(formats);

/** The ending of a file's name if rows can be written to it. */
export function tableEnding(path: string): string | undefined {
  const plain = path.toLowerCase().replace(/\.gz$/, "");
  return tableEndings.find((ending) => plain.endsWith(ending));
}

/**
 * Rows as a file's pieces: CSV, TSV, JSON or JSON lines; an `.npy` of shape `[rows, columns]` of
 * float64; an `.npz` with an array of its own type for each column, which has all rows in memory at
 * once, at most 2²⁶ cells. Write them by `writeFileInPieces`, which gzips what ends in `.gz`.
 *
 * @param path whose ending decides
 * @param rows of all tables together
 * @throws {UsageError} if it has another ending, naming those that there are.
 * @throws {DataError} if columns aren't numbers where the file can't hold others, or a table has other
 * columns than the first where all must have the same: in all formats but JSON.
 */
export function tableFile(
  path: string,
  tables: Iterable<Table> | AsyncIterable<Table>,
  rows: number,
): Pieces {
  expectKind(path, "path", "tableFile");
  expectKind(tables, "tables", "tableFile");
  const ending = tableEnding(path);
  if (ending !== undefined) return formats[ending]!(checked(tables), rows, path);
  throw new UsageError(
    `${path}: expected a name that ends in ${tableEndings.join(", ")}, got another; choose one of these`,
    { name: path },
  );
}

async function* checked(tables: Iterable<Table> | AsyncIterable<Table>): AsyncGenerator<Table> {
  for await (const table of tables) {
    expectKind(table, "table", "tableFile");
    yield table;
  }
}

/** Most cells of an `.npz`, which are in memory at once: 512 MiB twice. */
const mostCells = 2 ** 26;

async function* columnArrays(
  tables: Tables,
  rows: number,
  path: string,
): AsyncGenerator<Uint8Array> {
  const all: Table[] = [];
  for await (const table of tables) {
    const { columns } = table;
    if (rows * columns.length > mostCells) {
      throw new UsageError(
        `${path}: expected at most ${mostCells} cells in an .npz, which has all in memory at once, got ${rows} rows of ${columns.length}; write .npy, .csv or .jsonl`,
        { name: path },
      );
    }
    all.push(table);
  }
  yield* npzBytes(tableArrays(joinTables(all)));
}

async function* numberArray(
  tables: Tables,
  rows: number,
  path: string,
): AsyncGenerator<Uint8Array> {
  const { items, all, close } = await lookAhead(tables, (read) => read.length > 0);
  const columns = items[0]?.columns ?? [];
  async function* parts(): AsyncGenerator<Uint8Array> {
    for await (const table of all()) {
      expectSameColumns(columns, table, path);
      yield new Uint8Array(rowsOf(table).buffer);
    }
  }
  try {
    for (const column of columns) expectNumbers(column, path);
    const { descr } = outputArray("rows", [0], new Float64Array(0));
    yield* npyBytes({ name: "rows", shape: [rows, columns.length], descr, parts });
  } finally {
    await close();
  }
}

function expectNumbers({ name, kind }: Column, path: string): void {
  if (kind === "number" || kind === "boolean") return;
  throw new DataError(
    `${path}: expected columns of numbers for an .npy file, got ${kind} in column "${name}"; write .csv, .json or .npz`,
    { name: path, columns: [name] },
  );
}

function rowsOf({ columns, rows }: Table): Float64Array {
  const data = new Float64Array(rows * columns.length);
  columns.forEach((column, c) => {
    if (column.kind === "text") return;
    column.values.forEach((value, row) => (data[row * columns.length + c] = value));
  });
  return data;
}
