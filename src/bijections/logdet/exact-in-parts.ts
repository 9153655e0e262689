import { vjp } from "../../autodiff/vjp.js";
import { UsageError } from "../../errors.js";
import {
  add,
  axisSize,
  broadcast,
  constant,
  div,
  literal,
  log,
  loop,
  matmul,
  mul,
  pad,
  reshape,
  slice,
  sub,
  withGradient,
  type Tensor,
} from "../../graph/index.js";
import { sizeOf } from "../../tree.js";
import { identity } from "../literal-matrix.js";
import { firstUnits, nextUnits, queue, rowsAtOnce, scalar } from "./jacobian-rows.js";

/** Pivots that one turn of the elimination takes. */
const pivotsAtOnce = 16;

/**
 * ln det(I + J) of events of any number D of elements, event by event in loops: rows of the Jacobian
 * 64 at a time, then an elimination of 16 pivots at a time.
 *
 * An event takes D/64 backward passes of 64 copies of it and 2D³ operations; memory is that of 64
 * copies in g and of a few matrices of D² numbers, whatever the batch.
 *
 * It has no gradient.
 *
 * @param g the residual branch, of norm |J|₂ < 1
 * @param x `[B, ...]`, events of any shape
 * @returns `[B]`, nats
 */
export function exactInParts(g: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const batch = axisSize(x, 0);
  const { logDets } = loop(
    { events: x, logDets: constant(0, [batch]) },
    {
      next: ({ events, logDets }) => {
        const event = slice(events, 0, 0, 1);
        const logDet = logDetInBlocks(shiftedJacobian(g, event));
        return {
          events: queue(events, event),
          logDets: queue(logDets, reshape(logDet, [1])),
        };
      },
      goOn: () => constant(1),
      steps: batch,
    },
  );
  return withoutGradient(logDets, "exact log-determinant");
}

/** The value, which refuses to be differentiated by a sentence that says what to do. */
export function withoutGradient(value: Tensor, where: string): Tensor {
  return withGradient(value, [value], () => {
    throw new UsageError(
      `${where}: expected no gradient of it above 128 elements per event, where it is for scoring alone; train with a series or with Hutchinson's probe`,
    );
  });
}

/** I + J at one event, `[D, D]`. */
function shiftedJacobian(g: (x: Tensor) => Tensor, event: Tensor): Tensor {
  const size = sizeOf(event.shape);
  const count = Math.min(rowsAtOnce, size);
  const turns = Math.ceil(size / count);
  const shape = [count, ...event.shape.slice(1)];
  const copies = broadcast(event, shape);
  const values = g(copies);
  const { matrix } = loop(
    { units: firstUnits(count, size), matrix: constant(0, [turns * count, size]) },
    {
      next: ({ units, matrix: known }) => {
        const rows = reshape(vjp(values, copies, reshape(units, shape)), [count, size]);
        return { units: nextUnits(units), matrix: queue(known, add(rows, units)) };
      },
      goOn: () => constant(1),
      steps: turns,
    },
  );
  return slice(matrix, 0, 0, size);
}

/**
 * ln det of an `[n, n]` matrix whose symmetric part is positive definite, so that elimination needs
 * no row exchanges. Each turn eliminates the leading block, A ← A₂₂ − A₂₁A₁₁⁻¹A₁₂, and fills the
 * matrix up with the unit matrix: one shape serves all turns.
 */
function logDetInBlocks(matrix: Tensor): Tensor {
  const n = axisSize(matrix, 0);
  const block = Math.min(pivotsAtOnce, n);
  const turns = Math.ceil(n / block);
  const size = turns * block;
  const { total } = loop(
    { rest: filledUp(matrix, size), total: constant(0) },
    {
      next: ({ rest, total: before }) => {
        const { solved, logDet } = eliminated(slice(rest, 0, 0, block));
        const total = add(before, logDet);
        if (size === block) return { rest, total };
        const below = slice(rest, 0, block, size);
        const product = matmul(slice(below, 1, 0, block), slice(solved, 1, block, size));
        return { rest: filledUp(sub(slice(below, 1, block, size), product), size), total };
      },
      goOn: () => constant(1),
      steps: turns,
    },
  );
  return total;
}

/** A₁₁⁻¹[A₁₁ A₁₂] of the rows [A₁₁ A₁₂] by Gauss-Jordan steps, and ln det A₁₁. */
function eliminated(rows: Tensor): { solved: Tensor; logDet: Tensor } {
  const count = axisSize(rows, 0);
  let solved = rows;
  let logDet: Tensor = constant(0);
  for (let k = 0; k < count; k++) {
    const unit = Array.from({ length: count }, (_, i) => (i === k ? 1 : 0));
    const column = slice(solved, 1, k, k + 1);
    const pivot = slice(column, 0, k, k + 1);
    const row = div(slice(solved, 0, k, k + 1), pivot);
    logDet = add(logDet, scalar(log(pivot)));
    // The pivot's own row becomes row = A − (pivot − 1)·row.
    solved = sub(solved, mul(sub(column, literal(unit, [count, 1])), row));
  }
  return { solved, logDet };
}

/** [A 0; 0 I] of the size. */
function filledUp(matrix: Tensor, size: number): Tensor {
  const n = axisSize(matrix, 0);
  if (n === size) return matrix;
  const corner = pad(pad(identity(size - n), 0, n, 0), 1, n, 0);
  return add(pad(pad(matrix, 0, 0, size - n), 1, 0, size - n), corner);
}
