import { vjp } from "../../autodiff/vjp.js";
import {
  add,
  axisSize,
  broadcast,
  constant,
  loop,
  mul,
  reshape,
  slice,
  sumEvent,
  type Tensor,
} from "../../graph/index.js";
import { sizeOf } from "../../tree.js";
import { withoutGradient } from "../logdet/exact-in-parts.js";
import { largestExactDimension } from "../logdet/exact.js";
import { firstUnits, nextUnits, rowsAtOnce } from "../logdet/jacobian-rows.js";

/** A velocity field at one time; what it takes beside z it repeats as it is told. */
export type Field = (z: Tensor, repeat: (t: Tensor) => Tensor) => Tensor;

export interface Rates {
  /** f(z), in the shape of z. */
  readonly velocity: Tensor;
  /** tr ∂f/∂z or an estimate of it, `[B]`. */
  readonly divergence: Tensor;
}

/** A way to obtain a field's divergence beside its value. */
export type Divergence = (f: Field, z: Tensor) => Rates;

/** None is wanted: 0. */
export const noDivergence: Divergence = (f, z) => ({
  velocity: f(z, (t) => t),
  divergence: constant(0, [axisSize(z, 0)]),
});

/**
 * The trace of the whole Jacobian: up to {@link largestExactDimension} elements per event from
 * one backward pass of D copies of the batch; above, from passes of 64 copies in a loop, whose
 * gradient is refused by a `UsageError`.
 */
export const exactDivergence: Divergence = (f, z) => {
  const [batch, event] = [axisSize(z, 0), z.shape.slice(1)];
  const d = sizeOf(event);
  const isWhole = d <= largestExactDimension;
  const count = isWhole ? d : rowsAtOnce;
  const repeat = (t: Tensor): Tensor => {
    const size = sizeOf(t.shape.slice(1));
    const copies = broadcast(reshape(t, [batch, 1, size]), [batch, count, size]);
    return reshape(copies, [batch * count, ...t.shape.slice(1)]);
  };
  const copies = repeat(z);
  const velocities = f(copies, repeat);
  const traceOf = (units: Tensor): Tensor => {
    const all = reshape(broadcast(units, [batch, count, d]), [batch * count, ...event]);
    const diagonals = mul(vjp(velocities, copies, all), all);
    return sumEvent(reshape(diagonals, [batch, count * d]));
  };
  const velocity = reshape(slice(reshape(velocities, [batch, count, d]), 1, 0, 1), z.shape);
  const first = firstUnits(count, d);
  if (isWhole) return { velocity, divergence: traceOf(first) };
  const { trace } = loop(
    { units: first, trace: constant(0, [batch]) },
    {
      next: ({ units, trace: before }) => ({
        units: nextUnits(units),
        trace: add(before, traceOf(units)),
      }),
      goOn: () => constant(1),
      steps: Math.ceil(d / count),
    },
  );
  return { velocity, divergence: withoutGradient(trace, "exact divergence") };
};

/**
 * Hutchinson's estimate vᵀ(∂f/∂z)v, unbiased for a probe v of unit covariance; the same probe
 * throughout a solve keeps its right side a function.
 *
 * @see Grathwohl et al. 2019, section 3.1, https://arxiv.org/abs/1810.01367
 */
export const hutchinson =
  (probe: Tensor): Divergence =>
  (f, z) => {
    const velocity = f(z, (t) => t);
    return { velocity, divergence: sumEvent(mul(vjp(velocity, z, probe), probe)) };
  };
