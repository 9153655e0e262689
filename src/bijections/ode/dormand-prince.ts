import {
  abs,
  add,
  constant,
  div,
  exp,
  greater,
  log,
  loop,
  maximum,
  meanAll,
  minimum,
  mul,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
} from "../../graph/index.js";

/**
 * Dormand and Prince's pair of orders 5 and 4: stage i is evaluated at t + nodes[i]·h, from
 * y + h·Σⱼ stages[i − 1][j]·kⱼ. The last stage is the solution of order 5 itself, so it is the next
 * step's first; `embedded` weighs all seven to the solution of order 4.
 *
 * @see Dormand and Prince 1980, table 2, https://doi.org/10.1016/0771-050X(80)90013-3
 */
export const tableau = {
  nodes: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  stages: [
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  embedded: [5179 / 57600, 0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40],
} as const;

/** What the weights of order 5 and of order 4 differ by. */
const errorWeights = tableau.embedded.map((weight, i) => (tableau.stages[5][i] ?? 0) - weight);

export interface SolveOptions {
  readonly from: number;
  readonly to: number;
  /** Error allowed in each step, absolute and relative to y. */
  readonly tolerance: number;
  /** Most steps tried, those that are rejected included. */
  readonly steps: number;
  /** Sizes of the parts y begins with whose errors are controlled, each by itself. */
  readonly controlled: readonly number[];
}

export interface Solution {
  /** y at `to`, if `left` is 0. */
  readonly y: Tensor;
  /** The share of the time that the steps did not reach, a scalar in [0, 1]. */
  readonly left: Tensor;
  /** How often the derivative was evaluated, a scalar. */
  readonly evaluations: Tensor;
}

const safety = 0.9;
const [leastFactor, mostFactor] = [0.2, 10];

/**
 * Solves dy/dt = derivative(y, t) from y = `start`, `[N]`, inside the graph, by steps that adapt:
 * one whose error E is 1 or more is rejected, and the next is min(10, max(0.2, 0.9·E^(−1/5))) times
 * as long. E is the largest over the controlled parts of the root mean square of
 * error/(tolerance·(1 + max(|y| before, |y| after))).
 *
 * A graph can't throw: judge `left`. There is no gradient.
 *
 * @see Hairer, Nørsett and Wanner 1993, "Solving Ordinary Differential Equations I", section II.4,
 *   https://doi.org/10.1007/978-3-540-78862-1
 * @throws {ShapeError} if the derivative hasn't the shape of y.
 */
export function solve(
  start: Tensor,
  derivative: (y: Tensor, t: Tensor) => Tensor,
  { from, to, tolerance, steps, controlled }: SolveOptions,
): Solution {
  const span = to - from;
  const scaledError = (difference: Tensor, before: Tensor, after: Tensor): Tensor => {
    const scale = mul(add(maximum(abs(before), abs(after)), 1), tolerance);
    const squares = square(div(difference, scale));
    let end = 0;
    return controlled
      .map((size) => sqrt(meanAll(slice(squares, 0, end, (end += size)))))
      .reduce(maximum);
  };
  const slope = derivative(start, constant(from));
  // Hairer's first guess: a hundredth of the time in which y would double.
  const doubling = div(
    scaledError(start, start, start),
    add(scaledError(slope, start, start), 1e-10),
  );
  const first = minimum(maximum(div(doubling, 100 * Math.abs(span)), 1e-3), 1);
  const last = loop(
    { y: start, slope, left: constant(1), step: first, tried: constant(0) },
    {
      next: (at) => {
        const step = minimum(at.step, at.left);
        const h = mul(step, span);
        const t = sub(to, mul(at.left, span));
        const slopes = [at.slope];
        let y = at.y;
        tableau.stages.forEach((weights, i) => {
          y = add(at.y, mul(h, weighted(slopes, weights)));
          slopes.push(derivative(y, add(t, mul(h, tableau.nodes[i + 1]!))));
        });
        const error = scaledError(mul(h, weighted(slopes, errorWeights)), at.y, y);
        const accepted = greater(1, error);
        const choose = (before: Tensor, after: Tensor): Tensor =>
          add(before, mul(accepted, sub(after, before)));
        const factor = mul(exp(mul(log(add(error, 1e-10)), -1 / 5)), safety);
        return {
          y: choose(at.y, y),
          slope: choose(at.slope, slopes.at(-1)!),
          left: choose(at.left, sub(at.left, step)),
          step: mul(step, minimum(maximum(factor, leastFactor), mostFactor)),
          tried: add(at.tried, 1),
        };
      },
      goOn: ({ left, step }) => minimum(left, step),
      steps,
    },
  );
  return {
    y: last.y,
    left: last.left,
    evaluations: add(mul(last.tried, tableau.stages.length), 1),
  };
}

/** Σ weightsᵢ·tensorsᵢ over the weights that aren't 0. */
function weighted(tensors: readonly Tensor[], weights: readonly number[]): Tensor {
  return weights
    .flatMap((weight, i) => (weight === 0 ? [] : [mul(tensors[i]!, weight)]))
    .reduce(add);
}
