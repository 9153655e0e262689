import { expectKind } from "../border/kinds.js";
import { sizeOf, type Shape } from "../tree.js";
import { add, div, exp, log, maximum, mul, sqrt, stopGradient, sub } from "./elementwise.js";
import { max, sum } from "./reduce.js";
import { axisSize, reshape } from "./structure.js";
import { constant, type Tensor, expectTensor } from "./tensor.js";

/** About the largest number of float32. */
const mostFinite = 3.4e38;

const allAxes = (x: Tensor): number[] => expectTensor(x, "sum").shape.map((_, i) => i);
const eventAxes = (x: Tensor): number[] => allAxes(x).slice(1);

export const relu = (x: Tensor): Tensor => maximum(x, 0);
export const square = (x: Tensor): Tensor => mul(x, x);

/** Sum of every element, a scalar. */
export const sumAll = (x: Tensor): Tensor => reshape(sum(x, allAxes(x)), []);
/** Mean of every element, a scalar. */
export const meanAll = (x: Tensor): Tensor => div(sumAll(x), sizeOf(x.shape));
/** Sum over each event: `[B, ...]` to `[B]`. */
export const sumEvent = (x: Tensor): Tensor => reshape(sum(x, eventAxes(x)), [axisSize(x, 0)]);
/** ⟨a, b⟩ over every element, a scalar. */
export const dot = (a: Tensor, b: Tensor): Tensor => sumAll(mul(a, b));
/** |x|₂ over every element, a scalar. */
export const norm = (x: Tensor): Tensor => sqrt(dot(x, x));

/** Mean over `axes`, which stay with size 1. */
export function mean(x: Tensor, axes: readonly number[]): Tensor {
  expectKind(axes, "axes", "mean");
  return div(sum(x, axes), sizeOf(axes.map((axis) => axisSize(x, axis))));
}

/** ln Σ eˣ over one axis, which stays with size 1; shifted by the maximum, so it can't overflow. */
export function logSumExp(x: Tensor, axis: number): Tensor {
  // Of nothing but −∞ the result is −∞, not −∞ − (−∞).
  const shift = stopGradient(maximum(max(x, [axis]), -mostFinite));
  return add(log(sum(exp(sub(x, shift)), [axis])), shift);
}

/** The sum of the terms; zero in `shape` if there are none. */
export function addAll(terms: readonly Tensor[], shape: Shape): Tensor {
  expectKind(terms, "list", "addAll");
  const [first, ...rest] = terms;
  return first ? rest.reduce(add, expectTensor(first, "addAll")) : constant(0, shape);
}
