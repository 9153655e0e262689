import { closable, type Closable } from "../../closable.js";
import { DataError } from "../../errors.js";
import { sizeOf, type Shape } from "../../tree.js";
import {
  defaultChunkRows,
  textColumn,
  type Column,
  type ColumnHead,
  type Table,
  type TableOptions,
  type TableReader,
} from "../table.js";
import { once } from "./look-ahead.js";
import { firstRounded, type NpyArray } from "./npy.js";
import type { NpyData, NpyType } from "./npy-types.js";
import { expectColumns, typedHeads } from "./records.js";

/** An array by name, of which each row is one cell or several. */
export interface NamedArray {
  /** Of its column; of an array `[rows, n]`, columns are `name.1` ... `name.n`. */
  readonly name: string;
  readonly shape: Shape;
  readonly descr: string;
  readonly type: Pick<NpyType, "kind">;
}

/** Rows of all arrays, start ... start + rows − 1: values in the arrays' order. */
export interface ArrayRows {
  readonly start: number;
  readonly rows: number;
  readonly values: readonly NpyData[];
}

/** @throws {DataError} if an array isn't `[rows]` or `[rows, n]`, or their rows differ. */
export function expectRows(name: string, arrays: readonly NamedArray[]): number {
  const shapes = arrays.map((array) => `${array.name} [${array.shape}]`).join(", ");
  const [first] = arrays;
  const fits = arrays.every(
    ({ shape }) => (shape.length === 1 || shape.length === 2) && shape[0] === first?.shape[0],
  );
  if (first !== undefined && fits) return first.shape[0]!;
  throw new DataError(
    `${name}: expected arrays of shape [rows] or [rows, columns] with as many rows each, got ${shapes === "" ? "none" : shapes}; choose those that belong together`,
    { name },
  );
}

/**
 * A reader of arrays of numbers, dates and text as a table.
 *
 * @param rows all rows of the arrays in order, in groups of at most `chunkRows`
 */
export function arrayReader(
  name: string,
  arrays: readonly NamedArray[],
  summary: readonly string[],
  rows: () => AsyncIterable<ArrayRows>,
  { kinds }: TableOptions,
  closing: Closable = closable(() => Promise.resolve()),
): TableReader {
  const widths = arrays.map(({ shape }) => shape[1] ?? 1);
  expectColumns(
    name,
    widths.reduce((sum, width) => sum + width, 0),
  );
  const wide = arrays.flatMap(({ name: of, shape, type: { kind } }) =>
    shape.length === 1
      ? [{ kind, name: of === "" ? "column 1" : of }]
      : Array.from({ length: shape[1]! }, (_, at) => ({
          kind,
          name: of === "" ? `column ${at + 1}` : `${of}.${at + 1}`,
        })),
  );
  const columns = typedHeads(name, wide, "array", kinds);
  const chunks = once(name, async function* (): AsyncGenerator<Table> {
    const warned = new Set<string>();
    for await (const group of rows()) yield tableOf(name, columns, arrays, group, warned);
  });
  return { name, columns, summary, chunks, ...closing };
}

/** Arrays in memory as rows. */
export async function* rowsOf(
  arrays: readonly NpyArray[],
  rows: number,
  chunkRows = defaultChunkRows,
): AsyncGenerator<ArrayRows> {
  for (let start = 0; start < rows; start += chunkRows) {
    const count = Math.min(chunkRows, rows - start);
    const values = arrays.map(({ data, shape }) => {
      const width = sizeOf(shape.slice(1));
      return data.slice(start * width, (start + count) * width);
    });
    yield await Promise.resolve({ start, rows: count, values });
  }
}

function tableOf(
  name: string,
  heads: readonly ColumnHead[],
  arrays: readonly NamedArray[],
  { start, rows, values }: ArrayRows,
  warned: Set<string>,
): Table {
  const columns: Column[] = [];
  const warnings: string[] = [];
  arrays.forEach(({ shape, descr }, index) => {
    const width = shape.length === 1 ? 1 : shape[1]!;
    const data = values[index]!;
    const rounded = firstRounded({ descr, data });
    if (rounded >= 0) {
      const column = heads[columns.length + (rounded % width)]!.name;
      if (!warned.has(column)) {
        warned.add(column);
        warnings.push(
          `${name}: row ${start + Math.floor(rounded / width) + 1}, column "${column}": a whole number of 8 bytes has more digits than a number here keeps; if it's a name, save it as text`,
        );
      }
    }
    for (let at = 0; at < width; at++) {
      columns.push(columnOf(heads[columns.length]!, data, rows, at, width));
    }
  });
  const lines = new Float64Array(rows).map((_, row) => start + row + 1);
  return { name, columns, rows, lines, problems: [], warnings };
}

function columnOf(
  { name, kind }: ColumnHead,
  data: NpyData,
  rows: number,
  at: number,
  width: number,
): Column {
  if (kind !== "text") {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row++) values[row] = Number(data[row * width + at]);
    return { name, kind, values };
  }
  const texts = Array.from({ length: rows }, (_, row) => String(data[row * width + at]));
  return textColumn(
    name,
    texts.map((text) => (text === "" ? undefined : text)),
  );
}
