import { expectKind } from "../../border/kinds.js";
import { vjp } from "../../autodiff/vjp.js";
import {
  expectTensor,
  add,
  addAll,
  axisSize,
  broadcast,
  concat,
  div,
  log,
  mul,
  reshape,
  slice,
  sub,
  sum,
  sumEvent,
  type Tensor,
} from "../../graph/index.js";
import type { LogDetEstimator, ResidualMap } from "../../nn/index.js";
import { sizeOf } from "../../tree.js";
import { identity } from "../literal-matrix.js";
import { exactInParts } from "./exact-in-parts.js";

/** Most elements per event of which `exact` has a gradient: its memory grows with their square. */
export const largestExactDimension = 128;

/**
 * ln det(I + J) from the full Jacobian: with gradients up to {@link largestExactDimension} elements
 * per event, without above.
 *
 * Up to there the Jacobian takes one backward pass of D copies of the batch. Its determinant is the
 * product of the pivots of elimination without row exchanges: since |J|₂ < 1, the symmetric part of
 * I + J is positive definite, so every pivot is positive. Above, both go in parts, event by event:
 * see `exactInParts`, whose gradient is refused by a `UsageError`.
 */
export const exact: LogDetEstimator = Object.assign(exactOne, { sum: exactSum });

function exactOne(g: (x: Tensor) => Tensor, x: Tensor): Tensor {
  expectKind(g, "function", "exact: g");
  expectTensor(x, "exact: x");
  const isSmall = sizeOf(x.shape.slice(1)) <= largestExactDimension;
  return isSmall ? logDetPositive(shiftedJacobian(g, x)) : exactInParts(g, x);
}

/** Most numbers in the matrices that are eliminated side by side: more gain nothing. */
const mostTogether = 1 << 16;

/** Few matrices are eliminated as one batch: of one event operations take longer than their numbers. */
function exactSum(maps: readonly ResidualMap[]): Tensor {
  const { x } = maps[0]!;
  const [batch, d] = [axisSize(x, 0), sizeOf(x.shape.slice(1))];
  const isAlike = maps.every((map) => sizeOf(map.x.shape) === batch * d);
  if (!isAlike || d > largestExactDimension || maps.length * batch * d * d > mostTogether) {
    return addAll(
      maps.map((map) => exactOne(map.g, map.x)),
      [batch],
    );
  }
  const matrices = concat(
    maps.map((map) => shiftedJacobian(map.g, map.x)),
    0,
  );
  const logDets = reshape(logDetPositive(matrices), [maps.length, batch]);
  return reshape(sum(logDets, [0]), [batch]);
}

/** I + J of each event, `[B, D, D]`. */
function shiftedJacobian(g: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const [batch, event] = [axisSize(x, 0), x.shape.slice(1)];
  const d = sizeOf(event);
  const units = identity(d);
  const copies = (t: Tensor, shape: readonly number[]): Tensor =>
    reshape(broadcast(reshape(t, shape), [batch, d, d]), [batch * d, ...event]);
  const repeated = copies(x, [batch, 1, d]);
  const rows = vjp(g(repeated), repeated, copies(units, [1, d, d]));
  return add(reshape(rows, [batch, d, d]), units);
}

/** Pivots after which what is left becomes a matrix of its own. */
const pivotsAtOnce = 4;

/**
 * ln det of `[B, n, n]` matrices with positive leading minors, `[B]`: the sum of the pivots' logarithms.
 * Rows and columns that are done stay in place for a few steps, and nothing reads them: of one event
 * the operations take longer than the numbers in them.
 */
function logDetPositive(matrices: Tensor): Tensor {
  const n = axisSize(matrices, 1);
  const pivots: Tensor[] = [];
  let rest = matrices;
  for (let done = 0; done < n; done++) {
    const k = done % pivotsAtOnce;
    if (k === 0 && done > 0) {
      const size = axisSize(rest, 1);
      rest = slice(slice(rest, 1, pivotsAtOnce, size), 2, pivotsAtOnce, size);
    }
    const row = slice(rest, 1, k, k + 1);
    const pivot = slice(row, 2, k, k + 1);
    pivots.push(pivot);
    if (done < n - 1) rest = sub(rest, mul(slice(rest, 2, k, k + 1), div(row, pivot)));
  }
  return sumEvent(log(concat(pivots, 1)));
}
