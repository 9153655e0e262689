import { hasIntervals, type ColumnPlan, type Preprocessing } from "../data/index.js";
import type { GraphScope } from "../onnx/index.js";
import { castTo } from "../onnx/index.js";
import { sizeOf } from "../tree.js";
import { columnsAt, scalar } from "./rows.js";

export type Kept = Extract<ColumnPlan, { readonly scale: number }>;

export const isKept = (column: ColumnPlan): column is Kept => "scale" in column;

/** Values of kept columns on the model's axes: what `prepare` makes of them. */
export interface Placed {
  /** `[B, D, ...]` in float64. */
  readonly places: string;
  /** Widths of the noise of each cell, where they differ from row to row, `[B, D]` in float32. */
  readonly step?: string;
  /** What the map adds to log p, in nats, a scalar or `[B]`, in float64. */
  readonly logDet: string;
}

/** Half the width of what stands for a missing cell. */
const half = Math.sqrt(3);

/** A number of each kept column, to go with events, in float64. */
export function perColumn(
  scope: GraphScope,
  { columns, shape }: Preprocessing,
  f: (column: Kept) => number,
): string {
  const values = columns.filter(isKept).map(f);
  return scope.doubles(values, [1, values.length, ...shape.slice(1).map(() => 1)]);
}

/** Columns for which something holds, to go with events. */
export function perColumnFlag(
  scope: GraphScope,
  plan: Preprocessing,
  f: (column: Kept) => boolean,
): string {
  const flags = perColumn(scope, plan, (column) => Number(f(column)));
  return scope.emit("Greater", [flags, scalar(scope, "double", 0.5)]);
}

const isWhole = (column: Kept): boolean => column.kind === "whole";
const hasTail = ({ tail }: Kept): boolean => tail !== undefined;

/**
 * Values of kept columns on the model's axes.
 *
 * @param values `[B, D, ...]` in float64
 * @param features all columns, among which those are that say where cells are missing
 * @param at as `prepare` takes it
 */
export function placed(
  scope: GraphScope,
  values: string,
  features: string,
  plan: Preprocessing,
  at: "edges" | "middles",
): Placed {
  const kept = plan.columns.filter(isKept);
  const axis = axisOf(scope, plan);
  const low = axis.place(values);
  if (!hasIntervals(plan) && !kept.some(hasTail)) {
    const inner = sizeOf(plan.shape.slice(1));
    const total = kept.reduce((sum, { scale }) => sum - inner * Math.log(scale), 0);
    return { places: low, logDet: scalar(scope, "double", total) };
  }
  const emit = (op: string, ...inputs: string[]): string => scope.emit(op, inputs);
  const number = (value: number): string => scalar(scope, "double", value);
  const step = perColumn(scope, plan, (column) => (column.kind === "whole" ? column.step : 0));
  const halfStep = emit("Mul", step, number(0.5));
  const middle = emit("Add", values, halfStep);
  const logSlope = axis.logSlope(middle);
  const exact = emit("Sub", axis.place(emit("Add", values, step)), low);
  const bySlope = emit("Mul", emit("Exp", logSlope), step);
  const scale = perColumn(scope, plan, (column) => column.scale);
  // Far out, the difference of two large numbers is less exact than the slope between them.
  const isExact = emit(
    "And",
    perColumnFlag(scope, plan, hasTail),
    emit("Greater", emit("Mul", exact, scale), number(1e-4)),
  );
  const width = emit("Where", isExact, exact, bySlope);
  const whole = perColumnFlag(scope, plan, isWhole);
  const safeStep = perColumn(scope, plan, (column) => (column.kind === "whole" ? column.step : 1));
  const ofWhole = emit("Log", emit("Div", width, safeStep));
  const logs = emit("Where", whole, ofWhole, logSlope);
  const isMissing = missingCells(scope, features, plan);
  const missing = (inPlace: string, other: string): string =>
    isMissing === undefined ? other : emit("Where", isMissing, inPlace, other);
  const logDets = missing(number(Math.log(2 * half)), logs);
  const logDet = scope.emit("ReduceSum", [logDets, scope.ints([1])], { keepdims: 0 });
  if (!hasIntervals(plan)) return { places: low, logDet };
  const widths = missing(number(2 * half), emit("Where", whole, width, number(0)));
  const edges = missing(emit("Sub", low, number(half)), low);
  return {
    places: at === "middles" ? axis.place(middle) : edges,
    step: scope.emit("Cast", [widths], { to: castTo("float") }),
    logDet,
  };
}

/** Values in the data's units of places on the model's axes, in float64. */
export function unplaced(scope: GraphScope, places: string, plan: Preprocessing): string {
  const emit = (op: string, ...inputs: string[]): string => scope.emit(op, inputs);
  const scale = perColumn(scope, plan, (column) => column.scale);
  const offset = perColumn(scope, plan, (column) => column.offset);
  const values = emit("Add", emit("Mul", places, scale), offset);
  if (!plan.columns.filter(isKept).some(hasTail)) return values;
  const grown = emit("Sub", emit("Exp", values), emit("Exp", emit("Neg", values)));
  const sinh = emit("Mul", grown, scalar(scope, "double", 0.5));
  const width = perColumn(scope, plan, ({ tail }) => tail?.width ?? 1);
  const centre = perColumn(scope, plan, ({ tail }) => tail?.centre ?? 0);
  const far = emit("Add", centre, emit("Mul", width, sinh));
  return emit("Where", perColumnFlag(scope, plan, hasTail), far, values);
}

/** The maps of kept columns: (t(x) − offset)/scale, t an asinh where there is a tail. */
function axisOf(
  scope: GraphScope,
  plan: Preprocessing,
): { place(x: string): string; logSlope(x: string): string } {
  const emit = (op: string, ...inputs: string[]): string => scope.emit(op, inputs);
  const column = (f: (column: Kept) => number): string => perColumn(scope, plan, f);
  const some = plan.columns.filter(isKept).some(hasTail);
  const tails = some ? perColumnFlag(scope, plan, hasTail) : "";
  const one = scalar(scope, "double", 1);
  /** (x − centre)/width as u, with m = max(|u|, 1) and r = √(u² + 1)/m, which can't overflow. */
  const tailOf = (x: string): { u: string; m: string; r: string } => {
    const centre = column(({ tail }) => tail?.centre ?? 0);
    const u = emit(
      "Div",
      emit("Sub", x, centre),
      column(({ tail }) => tail?.width ?? 1),
    );
    const m = emit("Max", emit("Abs", u), one);
    const [a, b] = [emit("Div", u, m), emit("Div", one, m)];
    const r = emit("Sqrt", emit("Add", emit("Mul", a, a), emit("Mul", b, b)));
    return { u, m, r };
  };
  return {
    place: (x) => {
      let t = x;
      if (some) {
        const { u, m, r } = tailOf(x);
        // ln(|u| + √(u² + 1)) = ln m + ln(|u|/m + r)
        const sum = emit("Add", emit("Div", emit("Abs", u), m), r);
        const size = emit("Add", emit("Log", m), emit("Log", sum));
        const isBelow = emit("Less", u, scalar(scope, "double", 0));
        t = emit("Where", tails, emit("Where", isBelow, emit("Neg", size), size), x);
      }
      const centred = emit(
        "Sub",
        t,
        column(({ offset }) => offset),
      );
      return emit(
        "Div",
        centred,
        column(({ scale }) => scale),
      );
    },
    logSlope: (x) => {
      const linear = column(({ scale }) => -Math.log(scale));
      if (!some) return emit("Add", linear, emit("Mul", x, scalar(scope, "double", 0)));
      const { m, r } = tailOf(x);
      const far = column(({ scale, tail }) => -Math.log(scale) - Math.log(tail?.width ?? 1));
      const steep = emit("Sub", emit("Sub", far, emit("Log", m)), emit("Log", r));
      return emit("Where", tails, steep, linear);
    },
  };
}

/** Which cells of kept columns are missing, by the columns that say so. */
function missingCells(
  scope: GraphScope,
  features: string,
  plan: Preprocessing,
): string | undefined {
  const kept = plan.columns.filter(isKept);
  if (kept.every(({ absent }) => absent === undefined)) return undefined;
  const places = kept.map(({ name, absent }) =>
    plan.columns.findIndex((column) => column.name === (absent ?? name)),
  );
  const says = columnsAt(scope, features, places);
  const isSet = scope.emit("Equal", [says, scalar(scope, "double", 1)]);
  const mayMiss = perColumnFlag(scope, plan, ({ absent }) => absent !== undefined);
  return scope.emit("And", [isSet, mayMiss]);
}
