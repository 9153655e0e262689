import { castTo, type GraphScope } from "../onnx/index.js";
import { sizeOf, type Shape } from "../tree.js";

/** Whether all flags of a row are set: `[B, ...event]` to `[B]`. */
export function every(scope: GraphScope, flags: string, event: Shape): string {
  const flat = scope.emit("Reshape", [flags, scope.ints([-1, sizeOf(event)])]);
  const numbers = scope.emit("Cast", [flat], { to: castTo("float") });
  const least = scope.emit("ReduceMin", [numbers], { axes: [1], keepdims: 0 });
  return scope.emit("Greater", [least, scope.float(0.5)]);
}

/** A flag of each row, `[B]`, as `[B, 1, ...]`, to go with events of `rank` axes. */
export function besideEvents(scope: GraphScope, flags: string, rank: number): string {
  const ones = Array.from({ length: rank }, () => 1);
  return rank === 0 ? flags : scope.emit("Reshape", [flags, scope.ints([-1, ...ones])]);
}

/** The largest finite numbers. */
const largest = { float: 3.4028234663852886e38, double: Number.MAX_VALUE } as const;

/** A number of either type. */
export function scalar(scope: GraphScope, type: "float" | "double", value: number): string {
  return type === "float" ? scope.floats([value], []) : scope.doubles([value], []);
}

/** Whether each number is finite. */
export function isFinite(scope: GraphScope, x: string, type: "float" | "double"): string {
  return scope.emit("LessOrEqual", [scope.emit("Abs", [x]), scalar(scope, type, largest[type])]);
}

/** The conjunction of flags. */
export function both(scope: GraphScope, flags: readonly string[]): string {
  return flags.reduce((a, b) => scope.emit("And", [a, b]));
}

/** Columns of x, `[B, C, ...]`, by their places. */
export function columnsAt(scope: GraphScope, x: string, places: readonly number[]): string {
  return scope.emit("Gather", [x, scope.ints(places)], { axis: 1 });
}
