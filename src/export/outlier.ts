import type { Calibration } from "../data/index.js";
import { usualNeighbours } from "../measure/neighbours.js";
import { castTo, type GraphScope } from "../onnx/index.js";
import { scalar } from "./rows.js";

/** `OutlierScore` and its `Conformal` p-value, in float64, `[B]`. */
export interface OutlierValues {
  readonly score: string;
  readonly pValue: string;
}

/** The outlier score of rows by log p, `[B]`, and themselves as the model takes them, `[B, D]`, in float32. */
export function outlierValues(
  scope: GraphScope,
  { logProb, events }: { readonly logProb: string; readonly events: string },
  calibration: Calibration,
  dimensions: number,
): OutlierValues {
  const double = (x: string): string => scope.emit("Cast", [x], { to: castTo("double") });
  const number = (value: number): string => scalar(scope, "double", value);
  const measured = (x: string, { median, tail }: Calibration["surprise"]): string =>
    scope.emit("Div", [scope.emit("Sub", [x, number(median)]), number(tail)]);
  const surprise = scope.emit("Neg", [double(logProb)]);
  const distance = neighbourDistances(scope, double(events), calibration.neighbours, dimensions);
  const score = scope.emit("Max", [
    measured(surprise, calibration.surprise),
    measured(distance, calibration.distance),
  ]);
  return { score, pValue: pValue(scope, score, calibration) };
}

/** Mean distance of each row, `[B, D]`, to its nearest among those that are kept. */
function neighbourDistances(
  scope: GraphScope,
  x: string,
  neighbours: readonly number[],
  dimensions: number,
): string {
  const count = neighbours.length / dimensions;
  const rows = scope.emit("Reshape", [x, scope.ints([-1, 1, dimensions])]);
  const known = scope.doubles(neighbours, [1, count, dimensions]);
  const difference = scope.emit("Sub", [rows, known]);
  const square = scope.emit("Mul", [difference, difference]);
  const squares = scope.emit("ReduceSum", [square, scope.ints([2])], { keepdims: 0 });
  const k = scope.ints([Math.min(usualNeighbours, count)]);
  // Its second result, the places, isn't needed, but must have a name.
  const [nearest, places] = [scope.model.fresh("TopK"), scope.model.fresh("TopK")];
  scope.nodes.push({
    opType: "TopK",
    domain: "",
    inputs: [squares, k],
    outputs: [nearest, places],
    attributes: { axis: 1, largest: 0 },
  });
  return scope.emit("ReduceMean", [scope.emit("Sqrt", [nearest])], { axes: [1], keepdims: 0 });
}

/** (1 + held-out scores that are at least as high)/(n + 1), 1 for none; NaN for NaN. */
function pValue(scope: GraphScope, score: string, { scores, beyond }: Calibration): string {
  const heldOut = [...scores, ...Array<number>(beyond).fill(Infinity)];
  const column = scope.emit("Reshape", [score, scope.ints([-1, 1])]);
  const row = scope.doubles(heldOut, [1, heldOut.length]);
  const isAsHigh = scope.emit("GreaterOrEqual", [row, column]);
  const flags = scope.emit("Cast", [isAsHigh], { to: castTo("double") });
  const count = scope.emit("ReduceSum", [flags, scope.ints([1])], { keepdims: 0 });
  const all = scalar(scope, "double", heldOut.length + 1);
  const share = scope.emit("Div", [scope.emit("Add", [count, scalar(scope, "double", 1)]), all]);
  return scope.emit("Where", [scope.emit("IsNaN", [score]), scalar(scope, "double", NaN), share]);
}
