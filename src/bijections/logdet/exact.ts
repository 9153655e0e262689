import { vjp } from "../../autodiff/vjp.js";
import {
  add,
  axisSize,
  broadcast,
  div,
  log,
  mul,
  reshape,
  slice,
  sub,
  type Tensor,
} from "../../graph/index.js";
import type { LogDetEstimator } from "../../nn/index.js";
import { sizeOf } from "../../tree.js";
import { exactInParts } from "./exact-in-parts.js";
import { identity } from "./jacobian-rows.js";

/** Most elements per event of which `exact` has a gradient: its memory grows with their square. */
export const largestExactDimension = 128;

/**
 * ln det(I + J) from the full Jacobian: with gradients up to {@link largestExactDimension} elements
 * per event, without above.
 *
 * Up to there the Jacobian takes one backward pass of D copies of the batch. Its determinant is the
 * product of the pivots of elimination without row exchanges: since |J|₂ < 1, the symmetric part of
 * I + J is positive definite, so every pivot is positive. Above, both go in parts, event by event:
 * see {@link exactInParts}, whose gradient is refused by a `UsageError`.
 */
export const exact: LogDetEstimator = (g, x) => {
  const [batch, event] = [axisSize(x, 0), x.shape.slice(1)];
  const d = sizeOf(event);
  if (d > largestExactDimension) return exactInParts(g, x);
  const units = identity(d);
  const copies = (t: Tensor, shape: readonly number[]): Tensor =>
    reshape(broadcast(reshape(t, shape), [batch, d, d]), [batch * d, ...event]);
  const repeated = copies(x, [batch, 1, d]);
  const rows = vjp(g(repeated), repeated, copies(units, [1, d, d]));
  return logDetPositive(add(reshape(rows, [batch, d, d]), units));
};

/** ln det of `[B, n, n]` matrices with positive leading minors, `[B]`. */
function logDetPositive(matrices: Tensor): Tensor {
  const [batch, n] = [axisSize(matrices, 0), axisSize(matrices, 1)];
  const block = (t: Tensor, [r0, r1]: [number, number], [c0, c1]: [number, number]): Tensor =>
    slice(slice(t, 1, r0, r1), 2, c0, c1);
  let rest = matrices;
  let total: Tensor | undefined;
  for (let size = n; size >= 1; size--) {
    const pivot = block(rest, [0, 1], [0, 1]);
    const term = log(reshape(pivot, [batch]));
    total = total ? add(total, term) : term;
    if (size === 1) break;
    const column = block(rest, [1, size], [0, 1]);
    const row = block(rest, [0, 1], [1, size]);
    rest = sub(block(rest, [1, size], [1, size]), mul(div(column, pivot), row));
  }
  return total!;
}
