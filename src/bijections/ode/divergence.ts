import { vjp } from "../../autodiff/vjp.js";
import { UsageError } from "../../errors.js";
import {
  axisSize,
  broadcast,
  constant,
  literal,
  mul,
  reshape,
  slice,
  sumEvent,
  type Tensor,
} from "../../graph/index.js";
import { sizeOf } from "../../tree.js";
import { largestExactDimension } from "../logdet/exact.js";

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
 * The trace of the whole Jacobian: one backward pass of D copies of the batch.
 * @throws {UsageError} if an event has more than {@link largestExactDimension} elements.
 */
export const exactDivergence: Divergence = (f, z) => {
  const [batch, event] = [axisSize(z, 0), z.shape.slice(1)];
  const d = sizeOf(event);
  if (d > largestExactDimension) {
    throw new UsageError(
      `exact divergence: expected at most ${largestExactDimension} elements per event, got ${d}; use a series, whose first term estimates it`,
    );
  }
  const repeat = (t: Tensor): Tensor => {
    const size = sizeOf(t.shape.slice(1));
    const copies = broadcast(reshape(t, [batch, 1, size]), [batch, d, size]);
    return reshape(copies, [batch * d, ...t.shape.slice(1)]);
  };
  const identity = literal(
    Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0)),
    [1, d, d],
  );
  const units = reshape(broadcast(identity, [batch, d, d]), [batch * d, ...event]);
  const copies = repeat(z);
  const velocities = f(copies, repeat);
  const diagonals = mul(vjp(velocities, copies, units), units);
  return {
    velocity: reshape(slice(reshape(velocities, [batch, d, d]), 1, 0, 1), z.shape),
    divergence: sumEvent(reshape(diagonals, [batch, d * d])),
  };
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
