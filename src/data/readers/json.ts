import { expectOneOf } from "../../border/options.js";
import { DataError } from "../../errors.js";
import { type ColumnKind, type TableOptions, type TableReader } from "../table.js";
import { columnKind, dateOf } from "./cells.js";
import { unzipped } from "./gunzip.js";
import { jsonElements, jsonLines, type JsonRecord } from "./json-text.js";
import { lookAhead, type LookAhead } from "./look-ahead.js";
import { columnHeads, quoted, rowReader, sampled, sampleRows, type FileRow } from "./records.js";
import type { ByteSource } from "./source.js";
import { expectTableOptions } from "./table-options.js";
import { textEncodings, textSource, type TextEncoding } from "./text.js";

export interface JsonOptions extends TableOptions {
  /** Detected unless given. */
  readonly encoding?: TextEncoding;
  /** Levels of objects and arrays in a record that become columns; 4 unless given. */
  readonly depth?: number;
  /** Most letters of a record; 16 million unless given. */
  readonly maxRow?: number;
}

type JsonCell = string | number | boolean | null;

/**
 * Opens JSON lines, an object a line, or one array of objects, gzipped or not. The columns are the
 * names in the first 10,000 records, in order of appearance; `a: { b: [1, 2] }` gives `a.b.0` and
 * `a.b.1`. A name that a record hasn't got is missing in it. Text isn't taken for a number, but for
 * a date where most cells of its column are dates in ISO 8601.
 *
 * @throws {DataError} naming the line of what isn't JSON, isn't an object, or is nested too deep.
 * @see https://jsonlines.org, https://www.rfc-editor.org/rfc/rfc8259
 */
export async function openJson(
  source: ByteSource,
  options: JsonOptions = {},
): Promise<TableReader> {
  expectTableOptions(options, ["encoding", "depth", "maxRow"], "openJson");
  if (options.encoding) expectOneOf(options.encoding, textEncodings, "openJson: encoding");
  const { depth = 4, maxRow = 1 << 24 } = options;
  const text = await textSource(await unzipped(source), options.encoding);
  const { name } = text;
  const pieces = await lookAhead(text.chunks(), (read) =>
    read.some((piece) => piece.trim() !== ""),
  );
  const isArray = /^\s*\[/.test(pieces.items.join(""));
  const split = isArray ? jsonElements : jsonLines;
  let rows: LookAhead<readonly FileRow<JsonCell>[]> | undefined;
  try {
    const index = new Map<string, number>();
    let records = 0;
    const columnOf = (column: string): number | undefined => {
      if (records <= sampleRows && !index.has(column)) index.set(column, index.size);
      return index.get(column);
    };
    const flatten = (record: JsonRecord): FileRow<JsonCell> => {
      records++;
      return flatRow(name, record, depth, columnOf);
    };
    rows = await sampled(mapped(split(name, pieces.all(), maxRow), flatten));
    const sample = rows.items.flat().slice(0, sampleRows);
    if (sample.length === 0) {
      throw new DataError(`${name}: expected records, got none; check the file`, { name });
    }
    const columns = columnHeads(
      name,
      [...index.keys()],
      (at) => columnKind(sample.map(({ cells }) => kindOf(cells[at]))),
      options.kinds,
    );
    return rowReader(
      {
        name,
        columns,
        summary: [text.summary, isArray ? "An array of records." : "A record on each line."],
        rows,
        read: readJson,
        show: (cell) => (typeof cell === "string" ? `the text ${quoted(cell)}` : String(cell)),
        text: (cell) => (cell === null ? "" : String(cell)),
        place: "line",
        asName: "save it as text",
      },
      options,
    );
  } catch (error) {
    await (rows ?? pieces).close();
    throw error;
  }
}

async function* mapped<T, U>(
  groups: AsyncIterable<readonly T[]>,
  change: (item: T) => U,
): AsyncGenerator<readonly U[]> {
  for await (const group of groups) yield group.map(change);
}

function kindOf(cell: JsonCell | undefined): ColumnKind | undefined {
  if (cell === undefined || cell === null) return undefined;
  if (typeof cell === "number") return "number";
  if (typeof cell === "boolean") return "boolean";
  return dateOf(cell) === undefined ? "text" : "date";
}

function readJson(
  cell: JsonCell,
  kind: ColumnKind,
  lost: () => void,
): number | string | null | undefined {
  if (cell === null) return null;
  if (kind === "text") return typeof cell === "string" ? cell : undefined;
  if (kind === "date") return typeof cell === "string" ? dateOf(cell) : undefined;
  if (kind === "boolean") return typeof cell === "boolean" ? Number(cell) : undefined;
  if (typeof cell !== "number") return undefined;
  if (Number.isInteger(cell) && !Number.isSafeInteger(cell) && Math.abs(cell) < 1e21) lost();
  return cell;
}

/** A record's cells by column. Names that aren't columns any more are a problem of the row. */
function flatRow(
  name: string,
  { line, text }: JsonRecord,
  depth: number,
  columnOf: (column: string) => number | undefined,
): FileRow<JsonCell> {
  const record = parse(name, line, text);
  const cells: JsonCell[] = [];
  const unknown: string[] = [];
  const put = (path: string, value: unknown, level: number): void => {
    if (typeof value === "object" && value !== null) {
      if (level === depth) {
        throw new DataError(
          `${name}: line ${line}, column "${path}": expected at most ${depth} levels of objects and arrays, got more; leave it out, or raise depth`,
          { name, columns: [path] },
        );
      }
      for (const [key, part] of Object.entries(value)) put(`${path}.${key}`, part, level + 1);
      return;
    }
    const at = columnOf(path);
    if (at === undefined) unknown.push(path);
    else if (cells[at] !== undefined) unknown.push(path);
    else cells[at] = isCell(value) ? value : null;
  };
  for (const [key, value] of Object.entries(record)) put(key, value, 1);
  if (unknown.length === 0) return { line, cells };
  const expected = "a name of the first records";
  const problem = { line, column: unknown[0]!, expected, got: "a new one, or one twice" };
  return { line, cells, problem };
}

function isCell(value: unknown): value is JsonCell {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function parse(name: string, line: number, text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(
      `${name}: line ${line}: expected a JSON object, got ${quoted(text.trim())} (${error instanceof Error ? error.message : String(error)}); mend the line, or leave it out`,
      { name, cause: error },
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new DataError(
    `${name}: line ${line}: expected a JSON object with a value for each column, got ${quoted(text.trim())}; write it as { "name": value, ... }`,
    { name },
  );
}
