import { vjp } from "../../autodiff/vjp.js";
import { UsageError } from "../../errors.js";
import {
  add,
  axisSize,
  broadcast,
  div,
  literal,
  log,
  mul,
  reshape,
  slice,
  sub,
  type Tensor,
} from "../../graph/index.js";
import type { LogDetEstimator } from "../../nn/index.js";
import { sizeOf } from "../../tree.js";

/** Largest number of elements per event that `exact` takes: memory grows with its square. */
export const largestExactDimension = 128;

/**
 * ln det(I + J) from the full Jacobian, with gradients.
 *
 * The Jacobian takes one backward pass of D copies of the batch. Its determinant is the product
 * of the pivots of elimination without row exchanges: since |J|₂ < 1, the symmetric part of
 * I + J is positive definite, so every pivot is positive.
 *
 * @throws {UsageError} if an event has more than {@link largestExactDimension} elements.
 */
export const exact: LogDetEstimator = (g, x) => {
  const [batch, event] = [axisSize(x, 0), x.shape.slice(1)];
  const d = sizeOf(event);
  if (d > largestExactDimension) {
    throw new UsageError(
      `exact log-determinant: expected at most ${largestExactDimension} elements per event, got ${d}; use a series`,
    );
  }
  const identity = literal(
    Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0)),
    [d, d],
  );
  const copies = (t: Tensor, shape: readonly number[]): Tensor =>
    reshape(broadcast(reshape(t, shape), [batch, d, d]), [batch * d, ...event]);
  const repeated = copies(x, [batch, 1, d]);
  const rows = vjp(g(repeated), repeated, copies(identity, [1, d, d]));
  return logDetPositive(add(reshape(rows, [batch, d, d]), identity));
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
