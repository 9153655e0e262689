import type { TablePlan } from "../data/index.js";
import type { Table } from "../data/table.js";
import type { NDArray } from "../tree.js";
import { columnsOf, keptColumns } from "./encode-table.js";

/** A column of a table's file as numbers: see {@link cellsOf}. */
export interface Cell {
  readonly name: string;
  readonly kind: "number" | "boolean" | "date" | "category";
  /** Texts of the codes 0, 1, ... of a category. */
  readonly levels?: readonly string[];
  /** Whether it may be missing. */
  readonly missing: boolean;
}

/** How a cell becomes features, and features a cell. */
export interface CellCodec extends Cell {
  /** What stands for a missing cell; any number where none may be. */
  readonly fill: number;
  /** Least and largest value; only whole ones of codes. */
  readonly range: readonly [number, number];
  readonly isCode: boolean;
  /** Places of its value, and of the mark that it is missing, among the features. */
  readonly value: number;
  readonly mark: number | undefined;
}

/**
 * Columns of a table's file, in the order of its row of numbers: numbers and booleans as they are,
 * dates in milliseconds since 1970, categories by their codes, missing cells NaN.
 */
export function cellsOf(plan: TablePlan): Cell[] {
  return codecsOf(plan).map(({ name, kind, levels, missing }) => ({
    name,
    kind,
    ...(levels && { levels }),
    missing,
  }));
}

export function codecsOf(plan: TablePlan): CellCodec[] {
  let next = 0;
  return keptColumns(plan).map((codec): CellCodec => {
    const { name } = codec;
    const value = next++;
    if (codec.kind === "category") {
      const { levels, missing } = codec;
      const range = [0, levels.length - 1] as const;
      const shared = { name, missing, range, value, isCode: true, mark: undefined };
      return { ...shared, kind: "category", levels, fill: levels.length };
    }
    const { fill } = codec;
    const isCode = codec.kind === "boolean";
    return {
      name,
      kind: codec.kind,
      missing: fill !== undefined,
      fill: fill ?? 0,
      range: isCode ? [0, 1] : [-Number.MAX_VALUE, Number.MAX_VALUE],
      isCode,
      value,
      mark: fill === undefined ? undefined : next++,
    };
  });
}

/**
 * A table as the rows of numbers that an exported file takes, `[rows, C]`: see {@link cellsOf}. A
 * category that training didn't see is −1, for which the file has no result.
 *
 * @param table read with `kinds: tableKinds(plan)`
 * @param plan of a checkpoint's `data.table`
 * @throws {DataError} naming columns that are missing or of another kind.
 */
export function tableCells(table: Table, plan: TablePlan): NDArray<Float64Array> {
  const columns = columnsOf(table, keptColumns(plan));
  const codecs = codecsOf(plan);
  const data = new Float64Array(table.rows * codecs.length);
  codecs.forEach(({ levels = [] }, c) => {
    const column = columns[c]!;
    for (let row = 0; row < table.rows; row++) {
      const at = row * codecs.length + c;
      if (column.kind !== "text") data[at] = column.values[row]!;
      else {
        const code = column.codes[row]!;
        data[at] = code < 0 ? NaN : levels.indexOf(column.dictionary[code]!);
      }
    }
  });
  return { shape: [table.rows, codecs.length], data };
}
