import type { Calibration } from "../data/index.js";
import { castTo, type GraphScope } from "../onnx/index.js";
import { scalar } from "./rows.js";

/** `FlowOutlierScore` and its `Conformal` p-value, in float64, `[B]`. */
export interface OutlierValues {
  readonly score: string;
  readonly pValue: string;
}

/** The outlier score of rows by their log p and log-determinant, in float32, `[B]`. */
export function outlierValues(
  scope: GraphScope,
  { logProb, logDet }: { readonly logProb: string; readonly logDet: string },
  calibration: Calibration,
): OutlierValues {
  const double = (x: string): string => scope.emit("Cast", [x], { to: castTo("double") });
  const number = (value: number): string => scalar(scope, "double", value);
  const standardised = (x: string, { mean, deviation }: Calibration["surprise"]): string =>
    scope.emit("Div", [scope.emit("Sub", [x, number(mean)]), number(deviation)]);
  const surprise = scope.emit("Neg", [double(logProb)]);
  const distance = scope.emit("Add", [surprise, double(logDet)]);
  const terms = [
    standardised(surprise, calibration.surprise),
    standardised(distance, calibration.distance),
  ];
  const score = scope.emit("Div", [scope.emit("Add", terms), number(2)]);
  return { score, pValue: pValue(scope, score, calibration) };
}

/** (1 + held-out scores that are at least as high)/(n + 1), 1 for none. */
function pValue(scope: GraphScope, score: string, { scores, beyond }: Calibration): string {
  const heldOut = [...scores, ...Array<number>(beyond).fill(Infinity)];
  const column = scope.emit("Reshape", [score, scope.ints([-1, 1])]);
  const row = scope.doubles(heldOut, [1, heldOut.length]);
  const isAsHigh = scope.emit("GreaterOrEqual", [row, column]);
  const flags = scope.emit("Cast", [isAsHigh], { to: castTo("double") });
  const count = scope.emit("ReduceSum", [flags, scope.ints([1])], { keepdims: 0 });
  const all = scalar(scope, "double", heldOut.length + 1);
  return scope.emit("Div", [scope.emit("Add", [count, scalar(scope, "double", 1)]), all]);
}
