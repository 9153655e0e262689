import { expectKind } from "../border/kinds.js";
import { expectArray } from "../border/arrays.js";
import { dayLength } from "../data/cell-text.js";
import type { TablePlan } from "../data/index.js";
import { madeTable, type Column, type Table } from "../data/table.js";
import type { NumberArray } from "../tree.js";
import { featureNames, keptColumns, featuresOf, type KeptCodec } from "./codecs.js";

/**
 * Numbers as the cells of a file: what `encodeTable` does, backwards. Samples needn't be codes or 0
 * and 1: the nearest one that there is below them is taken.
 *
 * @param x `[rows, D]` in the columns' own units, such as `Runner.sample` gives
 * @param plan of the checkpoint's `data.table`
 * @throws {ShapeError} if x is of another shape.
 */
export function decodeTable(x: NumberArray, plan: TablePlan, name = "samples"): Table {
  expectKind(plan, "table plan", "decodeTable");
  const features = featureNames(plan.columns).length;
  const { shape, data } = expectArray(x, { where: "decodeTable", name: "x", event: [features] });
  const rows = shape[0]!;
  let next = 0;
  const columns = keptColumns(plan.columns).map((codec): Column => {
    const [first, width] = [next, featuresOf(codec).length];
    next += width;
    return decodeColumn(codec, rows, (row, place) => data[row * features + first + place]!);
  });
  return madeTable(name, rows, columns);
}

/** @param value the number at a place among those that the codec makes of a row */
function decodeColumn(
  codec: KeptCodec,
  rows: number,
  value: (row: number, place: number) => number,
): Column {
  if (codec.kind === "category") {
    const { name, levels, missing, oneHot } = codec;
    const count = levels.length + (missing ? 1 : 0);
    const codes = Int32Array.from({ length: rows }, (_, row) => {
      const code = oneHot
        ? largest(count, (place) => value(row, place))
        : within(Math.floor(value(row, 0)), count - 1);
      return code === levels.length ? -1 : code;
    });
    return { name, kind: "text", codes, dictionary: levels };
  }
  const { name, kind, fill, isDay } = codec;
  const values = Float64Array.from({ length: rows }, (_, row) => {
    if (fill !== undefined && value(row, 1) >= 1) return NaN;
    const one = value(row, 0);
    if (isDay) return Math.floor(one / dayLength) * dayLength;
    return kind === "boolean" ? within(Math.floor(one), 1) : one;
  });
  return { name, kind, values };
}

/** The first place of the largest of so many numbers. */
function largest(count: number, value: (place: number) => number): number {
  let best = 0;
  for (let place = 1; place < count; place++) if (value(place) > value(best)) best = place;
  return best;
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
