import { expectKind } from "../border/kinds.js";
import { axisSize } from "./structure.js";
import { makeNode, type Tensor, expectTensor } from "./tensor.js";

function reduce(op: "sum" | "max", x: Tensor, axes: readonly number[]): Tensor {
  expectTensor(x, op);
  expectKind(axes, "axes", op);
  axes.forEach((axis) => axisSize(x, axis));
  return makeNode(
    op,
    [x],
    { axes },
    x.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
  );
}

/** Sum over `axes`, which stay with size 1. */
export const sum = (x: Tensor, axes: readonly number[]): Tensor => reduce("sum", x, axes);

/**
 * Largest element over `axes`, which stay with size 1; equal ones share the gradient. Runtimes may
 * pass over a NaN; a sum never does.
 */
export const max = (x: Tensor, axes: readonly number[]): Tensor => reduce("max", x, axes);
