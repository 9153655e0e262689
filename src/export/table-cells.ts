import { dayLength } from "../data/cell-text.js";
import type { ColumnCodec } from "../data/index.js";
import { castTo, type GraphScope } from "../onnx/index.js";
import { codecsOf, type CellCodec } from "../tables/cells.js";
import { both, columnsAt, every, scalar } from "./rows.js";

/** Number of features that codecs make of a row, and the level that each place of one-hot ones is. */
function placesOf(codecs: readonly CellCodec[]): {
  readonly sources: readonly number[];
  readonly levels: readonly (number | undefined)[];
} {
  const sources: number[] = [];
  const levels: (number | undefined)[] = [];
  codecs.forEach(({ first, mark, oneHot }, c) => {
    for (let level = 0; level < (oneHot ?? 1); level++) {
      sources[first + level] = c;
      levels[first + level] = oneHot === undefined ? undefined : level;
    }
    if (mark !== undefined) sources[mark] = codecs.length + c;
    if (mark !== undefined) levels[mark] = undefined;
  });
  return { sources, levels };
}

/**
 * Cells `[B, C]` in float64 as a model's features `[B, D]`, as `encodeTable` makes them, and which
 * rows hold nothing but what training had: no other missing cell, category or infinity.
 */
export function enterCells(
  scope: GraphScope,
  cells: string,
  columns: readonly ColumnCodec[],
): { readonly features: string; readonly valid: string } {
  const codecs = codecsOf(columns);
  const row = (f: (codec: CellCodec) => number): string =>
    scope.doubles(codecs.map(f), [1, codecs.length]);
  const above = (of: (codec: CellCodec) => boolean): string =>
    scope.emit("Greater", [row((codec) => Number(of(codec))), scalar(scope, "double", 0.5)]);
  const isMissing = scope.emit("IsNaN", [cells]);
  const isThere = both(scope, [
    scope.emit("GreaterOrEqual", [cells, row(({ range }) => range[0])]),
    scope.emit("LessOrEqual", [cells, row(({ range }) => range[1])]),
    scope.emit("Or", [
      above(({ isCode }) => !isCode),
      scope.emit("Equal", [scope.emit("Floor", [cells]), cells]),
    ]),
  ]);
  const mayMiss = both(scope, [isMissing, above(({ missing }) => missing)]);
  const valid = every(scope, scope.emit("Or", [isThere, mayMiss]), [codecs.length]);
  const filled = scope.emit("Where", [isMissing, row(({ fill }) => fill), cells]);
  const double = (flags: string): string => scope.emit("Cast", [flags], { to: castTo("double") });
  const all = scope.emit("Concat", [filled, double(isMissing)], { axis: 1 });
  const { sources, levels } = placesOf(codecs);
  const features = columnsAt(scope, all, sources);
  if (levels.every((level) => level === undefined)) return { features, valid };
  const each = (f: (level: number | undefined) => number): string =>
    scope.doubles(levels.map(f), [1, levels.length]);
  const isLevel = scope.emit("Greater", [
    each((level) => Number(level !== undefined)),
    scalar(scope, "double", 0.5),
  ]);
  const isOwn = double(scope.emit("Equal", [features, each((level) => level ?? 0)]));
  return { features: scope.emit("Where", [isLevel, isOwn, features]), valid };
}

/**
 * Features `[B, D]` in float64 as cells `[B, C]`, as `decodeTable` makes them of samples: codes are
 * rounded down, after what `middle` adds.
 */
export function leaveCells(
  scope: GraphScope,
  features: string,
  columns: readonly ColumnCodec[],
  middle: number,
): string {
  const codecs = codecsOf(columns);
  const row = (f: (codec: CellCodec) => number): string =>
    scope.doubles(codecs.map(f), [1, codecs.length]);
  const number = (value: number): string => scalar(scope, "double", value);
  const isSet = (flag: (codec: CellCodec) => boolean): string =>
    scope.emit("Greater", [row((codec) => Number(flag(codec))), number(0.5)]);
  const shifted = (values: string): string => scope.emit("Add", [values, number(middle)]);
  const values = columnsAt(
    scope,
    features,
    codecs.map(({ first }) => first),
  );
  // A missing category is a code of its own, the last.
  const most = row(({ kind, range, missing }) => range[1] + Number(kind === "category" && missing));
  const floored = scope.emit("Floor", [shifted(values)]);
  const least = scope.emit("Max", [floored, number(0)]);
  const codes = scope.emit("Min", [least, most]);
  const whole = scope.emit("Where", [isSet(({ isCode }) => isCode), codes, values]);
  const days = scope.emit("Floor", [shifted(scope.emit("Div", [values, number(dayLength)]))]);
  const midnights = scope.emit("Mul", [days, number(dayLength)]);
  const coded = scope.emit("Where", [isSet(({ isDay }) => isDay), midnights, whole]);
  const cells = withLargest(scope, coded, features, codecs);
  const marks = columnsAt(
    scope,
    features,
    codecs.map(({ first, mark }) => mark ?? first),
  );
  const isMarked = both(scope, [
    isSet(({ mark }) => mark !== undefined),
    scope.emit("GreaterOrEqual", [shifted(marks), number(1)]),
  ]);
  const isNoLevel = both(scope, [
    isSet(({ kind }) => kind === "category"),
    scope.emit("Equal", [cells, row(({ fill }) => fill)]),
  ]);
  const isMissing = scope.emit("Or", [isMarked, isNoLevel]);
  return scope.emit("Where", [isMissing, number(NaN), cells]);
}

/** Cells with the places of the largest level in those of one-hot columns. */
function withLargest(
  scope: GraphScope,
  cells: string,
  features: string,
  codecs: readonly CellCodec[],
): string {
  const largest = codecs.flatMap(({ first, oneHot }) => {
    if (oneHot === undefined) return [];
    const places = Array.from({ length: oneHot }, (_, level) => first + level);
    const best = scope.emit("ArgMax", [columnsAt(scope, features, places)], { axis: 1 });
    return [scope.emit("Cast", [best], { to: castTo("double") })];
  });
  if (largest.length === 0) return cells;
  let next = codecs.length;
  const places = codecs.map(({ oneHot }, c) => (oneHot === undefined ? c : next++));
  return columnsAt(scope, scope.emit("Concat", [cells, ...largest], { axis: 1 }), places);
}
