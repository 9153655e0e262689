import { expectKind } from "../border/kinds.js";
import type { ColumnCodec, TablePlan } from "../data/index.js";
import type { Column, Table } from "../data/table.js";
import type { NDArray } from "../tree.js";
import { featuresOf, keptColumns, textsOf } from "./codecs.js";
import { columnsOf } from "./encode-table.js";

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
  /** Whether it is a date without a time of day. */
  readonly isDay: boolean;
  /** Place of its first feature. */
  readonly first: number;
  /** Features of which one says that it is missing, place by place; of one-hot levels, all of them. */
  readonly mark: number | undefined;
  readonly oneHot: number | undefined;
}

/**
 * Columns of a table's file, in the order of its row of numbers: numbers and booleans as they are,
 * dates in milliseconds since 1970, categories by their codes, missing cells NaN.
 *
 * @param columns of a checkpoint's `data.table`: its `columns`, or its `condition`
 */
export function cellsOf(columns: readonly ColumnCodec[]): Cell[] {
  expectKind(columns, "list", "cellsOf");
  for (const column of columns) expectKind(column, "object", "cellsOf");
  return codecsOf(columns).map(({ name, kind, levels, missing }) => ({
    name,
    kind,
    ...(levels && { levels }),
    missing,
  }));
}

export function codecsOf(columns: readonly ColumnCodec[]): CellCodec[] {
  let next = 0;
  return keptColumns(columns).map((codec): CellCodec => {
    const { name } = codec;
    const first = next;
    const width = featuresOf(codec).length;
    next += width;
    if (codec.kind === "category") {
      const { levels, missing } = codec;
      return {
        name,
        kind: "category",
        levels,
        missing,
        range: [0, levels.length - 1],
        isCode: true,
        isDay: false,
        first,
        fill: levels.length,
        mark: undefined,
        oneHot: codec.oneHot ? width : undefined,
      };
    }
    const { kind, fill } = codec;
    const isCode = kind === "boolean";
    return {
      name,
      kind,
      missing: fill !== undefined,
      range: isCode ? [0, 1] : [-Number.MAX_VALUE, Number.MAX_VALUE],
      isCode,
      isDay: codec.isDay === true,
      first,
      fill: fill ?? 0,
      mark: fill === undefined ? undefined : first + 1,
      oneHot: undefined,
    };
  });
}

/** Rows of a table as the numbers that an exported file takes. */
export interface TableCells {
  /** `[rows, C]` */
  readonly x: NDArray<Float64Array>;
  /** `[rows, K]`, where the plan has a condition. */
  readonly condition?: NDArray<Float64Array>;
}

/**
 * A table as the rows of numbers that an exported file takes: see {@link cellsOf}. A category that
 * training didn't see is −1, for which the file has no result.
 *
 * @param table read with `kinds: tableKinds(plan)`
 * @param plan of a checkpoint's `data.table`
 * @throws {DataError} naming columns that are missing or of another kind.
 */
export function tableCells(table: Table, plan: TablePlan): TableCells {
  expectKind(table, "table", "tableCells");
  expectKind(plan, "table plan", "tableCells");
  const cells = (columns: readonly ColumnCodec[]): NDArray<Float64Array> =>
    cellsIn(table.rows, columnsOf(table, keptColumns(columns)), codecsOf(columns));
  return {
    x: cells(plan.columns),
    ...(keptColumns(plan.condition).length > 0 && { condition: cells(plan.condition) }),
  };
}

/** Cells of columns that are in the order of their codecs. */
export function cellsIn(
  rows: number,
  columns: readonly Column[],
  codecs: readonly CellCodec[],
): NDArray<Float64Array> {
  const data = new Float64Array(rows * codecs.length);
  codecs.forEach(({ levels }, c) => {
    const column = columns[c]!;
    const text = textsOf(column);
    for (let row = 0; row < rows; row++) {
      const at = row * codecs.length + c;
      if (levels) {
        const cell = text(row);
        data[at] = cell === undefined ? NaN : levels.indexOf(cell);
      } else if (column.kind !== "text") data[at] = column.values[row]!;
    }
  });
  return { shape: [rows, codecs.length], data };
}
