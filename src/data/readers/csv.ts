import Papa from "papaparse";
import { expectKind } from "../../border/kinds.js";
import { expectOneOf } from "../../border/options.js";
import { DataError, UsageError } from "../../errors.js";
import type { TableOptions, TableReader } from "../table.js";
import {
  booleanOf,
  cellKind,
  columnKind,
  dateOf,
  losesDigits,
  numberOf,
  unwrapped,
  type CellRules,
} from "./cells.js";
import {
  cellRules,
  detectMarks,
  detectSeparator,
  expectSeparated,
  isHeader,
  type NumberMarks,
} from "./dialect.js";
import { unzipped } from "./gunzip.js";
import { lookAhead, type LookAhead } from "./look-ahead.js";
import {
  columnHeads,
  quoted,
  rowReader,
  sampled,
  sampleRows,
  type FileRow,
  type ReadCell,
} from "./records.js";
import type { ByteSource } from "./source.js";
import { expectTableOptions } from "./table-options.js";
import { newlines, textEncodings, textSource, type TextEncoding } from "./text.js";

export interface CsvOptions extends TableOptions, Partial<NumberMarks> {
  /** Between cells; detected of tab, semicolon, | and comma unless given. */
  readonly separator?: string;
  /** Whether the first line holds the columns' names; detected unless given. */
  readonly header?: boolean;
  /** Detected unless given. */
  readonly encoding?: TextEncoding;
  /** Cells that stand for a missing value, instead of the usual ones. */
  readonly missing?: readonly string[];
  /** Most letters of a row; 16 million unless given. */
  readonly maxRow?: number;
}

const optionNames = [
  "separator",
  "header",
  "encoding",
  "missing",
  "maxRow",
  "decimal",
  "thousands",
];

/**
 * Opens a CSV or TSV file, gzipped or not. Separator, header, decimal mark and encoding are
 * detected from its beginning and stated in the reader's `summary`; so are the columns' kinds, from
 * the first 10,000 rows: what most cells are. Lines are counted as an editor does, also within
 * quotes; blank lines are left out.
 *
 * @throws {DataError} if the file is empty, isn't text, or two columns have one name.
 * @throws {UsageError} if there is no such option or no such column in `kinds`.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export async function openCsv(source: ByteSource, options: CsvOptions = {}): Promise<TableReader> {
  expectCsvOptions(options);
  const text = await textSource(await unzipped(source), options.encoding);
  const pieces = await lookAhead(
    text.chunks(),
    (read) => read.reduce((size, piece) => size + piece.length, 0) >= 1 << 16,
  );
  let rows: LookAhead<readonly FileRow<string>[]> | undefined;
  try {
    const dialect = dialectOf(text.name, pieces.items.join(""), options);
    const { maxRow = 1 << 24 } = options;
    const records = parsed(text.name, pieces.all(), dialect, maxRow);
    rows = await sampled(records);
    return open(text.name, rows, dialect, [text.summary], options);
  } catch (error) {
    await (rows ?? pieces).close();
    throw error;
  }
}

function expectCsvOptions(options: CsvOptions): void {
  expectTableOptions(options, optionNames, "openCsv");
  const { separator, encoding, missing, decimal, thousands } = options;
  if (encoding !== undefined) expectOneOf(encoding, textEncodings, "openCsv: encoding");
  if (missing !== undefined) expectKind(missing, "list", "openCsv: missing");
  if (decimal !== undefined) expectOneOf(decimal, [".", ","], "openCsv: decimal");
  if (thousands !== undefined) expectOneOf(thousands, ["", ".", ","], "openCsv: thousands");
  const marks = [separator, decimal, thousands].filter((mark) => mark !== undefined && mark !== "");
  const got =
    separator !== undefined && (separator.length !== 1 || /["\r\n]/.test(separator))
      ? JSON.stringify(separator)
      : decimal !== undefined && decimal === thousands
        ? `${marks.join(" ")}, twice the same`
        : undefined;
  if (got === undefined) return;
  throw new UsageError(
    `openCsv: expected a separator of one letter and different marks in numbers, got ${got}; choose others`,
    { name: "separator" },
  );
}

interface Dialect {
  readonly separator: string;
  readonly rules: CellRules;
}

function dialectOf(name: string, sample: string, options: CsvOptions): Dialect {
  const whole = sample.slice(0, sample.lastIndexOf("\n") + 1) || sample;
  // Spreadsheets write `sep=;` as a line of its own.
  const told = /^sep=(.)\n/.exec(whole)?.[1];
  const separator = options.separator ?? told ?? detectSeparator(whole);
  const { data } = Papa.parse<string[]>(whole, { delimiter: separator, newline: "\n" });
  const marks = { ...detectMarks(data.flat(), separator), ...given(options) };
  const rules = cellRules(marks, options.missing);
  if (options.separator === undefined) expectSeparated(name, data, rules);
  return { separator, rules };
}

function given({ decimal, thousands }: CsvOptions): Partial<NumberMarks> {
  if (decimal !== undefined) return { decimal, thousands: thousands ?? "" };
  if (thousands === undefined) return {};
  return thousands === "" ? { thousands } : { thousands, decimal: thousands === "," ? "." : "," };
}

function open(
  name: string,
  rows: LookAhead<readonly FileRow<string>[]>,
  { separator, rules }: Dialect,
  summary: readonly string[],
  options: CsvOptions,
): TableReader {
  const sample = rows.items.flat().slice(0, sampleRows);
  const first = sample[0]?.cells.map((cell) => cell ?? "");
  if (first === undefined) {
    throw new DataError(`${name}: expected rows, got only blank lines; check the file`, { name });
  }
  const header = options.header ?? isHeader(first, rules);
  const names = first.map((cell, at) => {
    const label = header ? unwrapped(cell).trim() : "";
    return label === "" ? `column ${at + 1}` : label;
  });
  const body = header ? sample.slice(1) : sample;
  const columns = columnHeads(
    name,
    names,
    (at) => columnKind(body.map(({ cells }) => cellKind(cells[at] ?? "", rules))),
    options.kinds,
  );
  return rowReader(
    {
      name,
      columns,
      summary: [...summary, ...described(separator, rules, header)],
      rows: { ...rows, all: () => fitted(rows.all(), columns.length, header) },
      read: readText(rules),
      show: (cell) => quoted(cell ?? ""),
      text: (cell) => cell,
      place: "line",
      asName: "give the column the kind text",
    },
    options,
  );
}

function described(separator: string, rules: CellRules, header: boolean): string[] {
  const between = { "\t": "tabs", ";": "semicolons", "|": "|", ",": "commas" }[separator];
  const grouped = rules.thousands === "" ? "" : `, with "${rules.thousands}" between thousands`;
  return [
    `Cells separated by ${between ?? quoted(separator)}.`,
    header ? "The first line holds the columns' names." : "No line of names: the first is a row.",
    `Decimal mark "${rules.decimal}"${grouped}.`,
  ];
}

/** Rows without the header, each with a word on whether it has the header's number of cells. */
async function* fitted(
  groups: AsyncIterable<readonly FileRow<string>[]>,
  width: number,
  header: boolean,
): AsyncGenerator<readonly FileRow<string>[]> {
  let skip = header ? 1 : 0;
  for await (const group of groups) {
    yield group.slice(skip).map((row) => {
      if (row.cells.length === width) return row;
      const [expected, got] = [`${width} cells`, `${row.cells.length}`];
      return { ...row, problem: { line: row.line, column: "", expected, got } };
    });
    if (group.length > 0) skip = 0;
  }
}

/** How a cell of text is read as a kind. */
export function readText(rules: CellRules): ReadCell<string> {
  return (cell, kind, lost) => {
    const text = unwrapped(cell);
    if (rules.missing.has(text.trim())) return null;
    if (kind === "text") return text;
    if (kind === "boolean") return booleanOf(text);
    if (kind === "date") return dateOf(text);
    const value = numberOf(text, rules);
    if (value !== undefined && losesDigits(text, value)) lost();
    return value;
  };
}

/** Groups of rows, as the text comes. A row is never parsed before it is whole. */
async function* parsed(
  name: string,
  pieces: AsyncIterable<string>,
  { separator }: Dialect,
  maxRow: number,
): AsyncGenerator<readonly FileRow<string>[]> {
  const parser = new Papa.Parser({ delimiter: separator, newline: "\n" });
  let line = 1;
  let waiting: string[] = [];
  let size = 0;
  let least = 0;
  const parse = (isLast: boolean): FileRow<string>[] => {
    const text = waiting.join("");
    const { data, errors, meta } = parser.parse(text, 0, !isLast) as Papa.ParseResult<string[]>;
    const isEnd = isLast || text.length - meta.cursor > maxRow;
    // What looks like more text after a quote may be blanks before a separator that is still to come.
    const error = errors.find(({ index = 0 }) => isEnd || index < meta.cursor);
    if (error) throw badQuotes(name, line + newlines(text.slice(0, error.index)), error);
    const rows = numbered(data, line, text.includes('"'));
    const rest = isLast ? "" : text.slice(meta.cursor);
    line += newlines(text) - newlines(rest);
    if (rest.length > maxRow) throw tooLong(name, line, maxRow);
    [waiting, size] = [[rest], rest.length];
    // A row that isn't whole yet is looked at again when it's twice as long: linear in all.
    least = data.length === 0 ? 2 * size : 0;
    return rows.filter(({ cells }) => !isBlank(cells));
  };
  for await (const piece of pieces) {
    const text = line === 1 && size === 0 ? piece.replace(/^sep=.\n/, skipLine) : piece;
    waiting.push(text);
    size += text.length;
    if (size >= least || size > maxRow) yield parse(false);
  }
  yield parse(true);
  function skipLine(): string {
    line++;
    return "";
  }
}

function isBlank(cells: readonly (string | undefined)[]): boolean {
  return cells.length === 1 && cells[0]!.trim() === "";
}

/** Rows with their lines; cells in quotes may hold several. */
function numbered(data: readonly string[][], first: number, hasQuotes: boolean): FileRow<string>[] {
  let line = first;
  return data.map((cells) => {
    const row = { line, cells };
    line++;
    if (hasQuotes) for (const cell of cells) line += newlines(cell);
    return row;
  });
}

function badQuotes(name: string, line: number, { code, message }: Papa.ParseError): DataError {
  const open = code === "MissingQuotes";
  return new DataError(
    `${name}: line ${line}: expected ${open ? "the end of a cell that begins with a quote" : "a separator after a cell in quotes"}, got ${open ? "the end of the file" : `more text (${message})`}; close the quotes, or write a quote in a cell twice`,
    { name },
  );
}

function tooLong(name: string, line: number, maxRow: number): DataError {
  return new DataError(
    `${name}: line ${line}: expected a row of at most ${maxRow} letters, got more; close its quotes, or raise maxRow`,
    { name },
  );
}
