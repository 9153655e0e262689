import { axisSize, concat, constant, pad, reshape, slice, type Tensor } from "../../graph/index.js";
import { identity } from "../literal-matrix.js";

/** Rows of a Jacobian that one backward pass of a loop gives. */
export const rowsAtOnce = 64;

/** The first `count` unit vectors of `size` dimensions, `[count, size]`. */
export function firstUnits(count: number, size: number): Tensor {
  return pad(identity(count), 1, 0, size - count);
}

/** The unit vectors that follow: those that leave the last dimension are 0 from then on. */
export function nextUnits(units: Tensor): Tensor {
  const [count, size] = [axisSize(units, 0), axisSize(units, 1)];
  if (count === size) return constant(0, units.shape);
  return pad(slice(units, 1, 0, size - count), 1, count, 0);
}

/** The rows of x but the first ones, and then `rows`. */
export function queue(x: Tensor, rows: Tensor): Tensor {
  const [size, count] = [axisSize(x, 0), axisSize(rows, 0)];
  return size === count ? rows : concat([slice(x, 0, count, size), rows], 0);
}

/** x at a scalar's shape. */
export const scalar = (x: Tensor): Tensor => reshape(x, []);
