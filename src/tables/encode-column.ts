import type { Column, NumericColumn } from "../data/table.js";
import { featuresOf, quoted, textsOf, type KeptCodec } from "./codecs.js";

/** Where a column's numbers go. */
export interface Target {
  /** `[rows, features]` */
  readonly data: Float64Array;
  readonly features: number;
  /** Place of the column's first number in a row. */
  readonly at: number;
  /** Told of a cell that can't be taken. */
  readonly bad: (row: number, expected: string, got: string) => void;
}

const unknown = "a cell that isn't empty, since none was in training";

/**
 * Writes what a codec makes of a column's cells.
 * @returns the place after the column's last number.
 */
export function encodeColumn(column: Column, codec: KeptCodec, target: Target): number {
  if (codec.kind === "category") encodeCategory(column, codec, target);
  else if (column.kind !== "text") encodeNumbers(column, codec, target);
  return target.at + featuresOf(codec).length;
}

function encodeCategory(
  column: Column,
  codec: Extract<KeptCodec, { kind: "category" }>,
  { data, features, at, bad }: Target,
): void {
  const { levels, missing, oneHot } = codec;
  const places = new Map(levels.map((level, place) => [level, place]));
  const text = textsOf(column);
  for (let row = 0; row * features < data.length; row++) {
    const cell = text(row);
    const place = cell !== undefined ? places.get(cell) : missing ? levels.length : undefined;
    if (place === undefined) {
      if (cell === undefined) bad(row, unknown, "nothing");
      else bad(row, `one of ${quoted(levels, 8)}, as in training`, `"${cell}"`);
    } else if (oneHot) data[row * features + at + place] = 1;
    else data[row * features + at] = place;
  }
}

function encodeNumbers(
  { values }: NumericColumn,
  { fill }: Exclude<KeptCodec, { kind: "category" }>,
  { data, features, at, bad }: Target,
): void {
  values.forEach((value, row) => {
    const to = row * features + at;
    if (Number.isNaN(value)) {
      if (fill === undefined) bad(row, unknown, "nothing");
      else data[to] = fill;
    } else if (Number.isFinite(value)) data[to] = value;
    else bad(row, "a finite number", String(value));
    if (fill !== undefined) data[to + 1] = Number.isNaN(value) ? 1 : 0;
  });
}
