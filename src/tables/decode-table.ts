import { expectArray } from "../border/arrays.js";
import type { TablePlan } from "../data/index.js";
import type { Column, Table } from "../data/table.js";
import type { NumberArray } from "../tree.js";
import { featureNames, keptColumns } from "./encode-table.js";
import { day } from "./learn-table.js";

/**
 * Numbers as the cells of a file: what `encodeTable` does, backwards. Samples needn't be codes or 0
 * and 1: the nearest one that there is below them is taken.
 *
 * @param x `[rows, D]` in the columns' own units, such as `Runner.sample` gives
 * @param plan of the checkpoint's `data.table`
 * @throws {ShapeError} if x is of another shape.
 */
export function decodeTable(x: NumberArray, plan: TablePlan, name = "samples"): Table {
  const features = featureNames(plan).length;
  const { shape, data } = expectArray(x, { where: "decodeTable", name: "x", event: [features] });
  const rows = shape[0]!;
  let next = 0;
  const columns = keptColumns(plan).map((codec): Column => {
    const at = next++;
    const value = (row: number, place: number): number => data[row * features + place]!;
    if (codec.kind === "category") {
      const { levels, missing } = codec;
      const codes = Int32Array.from({ length: rows }, (_, row) => {
        const code = within(Math.floor(value(row, at)), levels.length - (missing ? 0 : 1));
        return code === levels.length ? -1 : code;
      });
      return { name: codec.name, kind: "text", codes, dictionary: levels };
    }
    const { kind, fill } = codec;
    const marks = fill === undefined ? undefined : next++;
    const values = Float64Array.from({ length: rows }, (_, row) => {
      if (marks !== undefined && value(row, marks) >= 1) return NaN;
      const one = value(row, at);
      if (codec.isDay) return Math.floor(one / day) * day;
      return kind === "boolean" ? within(Math.floor(one), 1) : one;
    });
    return { name: codec.name, kind, values };
  });
  const lines = Float64Array.from({ length: rows }, (_, row) => row + 1);
  return { name, rows, columns, lines, problems: [], warnings: [] };
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
