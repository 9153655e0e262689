import type { TablePlan } from "../data/index.js";
import type { GraphScope } from "../onnx/index.js";
import { codecsOf, featureNames, type CellCodec } from "../tables/index.js";
import { both, columnsAt, every, scalar } from "./rows.js";

/**
 * Cells `[B, C]` in float64 as a model's features `[B, D]`, as `encodeTable` makes them, and which
 * rows hold nothing but what training had: no other missing cell, category or infinity.
 */
export function enterCells(
  scope: GraphScope,
  cells: string,
  plan: TablePlan,
): { readonly features: string; readonly valid: string } {
  const codecs = codecsOf(plan);
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
  const one = scalar(scope, "double", 1);
  const marks = scope.emit("Where", [isMissing, one, scalar(scope, "double", 0)]);
  const places = Array.from({ length: featureNames(plan).length }, () => 0);
  codecs.forEach(({ value, mark }, c) => {
    places[value] = c;
    if (mark !== undefined) places[mark] = codecs.length + c;
  });
  const all = scope.emit("Concat", [filled, marks], { axis: 1 });
  return { features: columnsAt(scope, all, places), valid };
}

/**
 * Features `[B, D]` in float64 as cells `[B, C]`, as `decodeTable` makes them of samples: codes are
 * rounded down, after what `middle` adds.
 */
export function leaveCells(
  scope: GraphScope,
  features: string,
  plan: TablePlan,
  middle: number,
): string {
  const codecs = codecsOf(plan);
  const row = (f: (codec: CellCodec) => number): string =>
    scope.doubles(codecs.map(f), [1, codecs.length]);
  const number = (value: number): string => scalar(scope, "double", value);
  const isSet = (values: string): string => scope.emit("Greater", [values, number(0.5)]);
  const shifted = (values: string): string => scope.emit("Add", [values, number(middle)]);
  const values = columnsAt(
    scope,
    features,
    codecs.map(({ value }) => value),
  );
  // A missing category is a code of its own, the last.
  const most = row(({ kind, range, missing }) => range[1] + Number(kind === "category" && missing));
  const floored = scope.emit("Floor", [shifted(values)]);
  const least = scope.emit("Max", [floored, number(0)]);
  const codes = scope.emit("Min", [least, most]);
  const cells = scope.emit("Where", [isSet(row(({ isCode }) => Number(isCode))), codes, values]);
  const marks = columnsAt(
    scope,
    features,
    codecs.map(({ value, mark }) => mark ?? value),
  );
  const isMarked = both(scope, [
    isSet(row(({ mark }) => Number(mark !== undefined))),
    scope.emit("GreaterOrEqual", [shifted(marks), number(1)]),
  ]);
  const noLevel = row(({ kind, fill, missing }) => (kind === "category" && missing ? fill : -1));
  const isNoLevel = both(scope, [
    isSet(row(({ kind }) => Number(kind === "category"))),
    scope.emit("Equal", [cells, noLevel]),
  ]);
  const isMissing = scope.emit("Or", [isMarked, isNoLevel]);
  return scope.emit("Where", [isMissing, number(NaN), cells]);
}
