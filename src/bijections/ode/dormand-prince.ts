import { expectKind } from "../../border/kinds.js";
import {
  abs,
  add,
  axisSize,
  constant,
  div,
  exp,
  greater,
  log,
  loop,
  maximum,
  mean,
  minimum,
  mul,
  reshape,
  select,
  slice,
  sqrt,
  square,
  sub,
  sumAll,
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

/** The weights of order 5 minus those of order 4. */
const errorWeights = tableau.embedded.map((weight, i) => (tableau.stages[5][i] ?? 0) - weight);

export interface SolveOptions {
  readonly from: number;
  readonly to: number;
  /** Error allowed in each step, absolute and relative to y. */
  readonly tolerance: number;
  /** Most steps that a row tries, those that are rejected included. */
  readonly steps: number;
  /** Sizes of the parts that a row begins with whose errors are controlled, each by itself. */
  readonly controlled: readonly number[];
}

export interface Solution {
  /** y at `to` in the rows whose `left` is 0, `[R, N]`. */
  readonly y: Tensor;
  /** The share of the time that a row's steps did not reach, in [0, 1], `[R]`. */
  readonly left: Tensor;
  /** How often the derivative was evaluated, a scalar. */
  readonly evaluations: Tensor;
}

const safety = 0.9;
const [leastFactor, mostFactor] = [0.2, 10];

/**
 * Solves dy/dt = derivative(y, t) from y = `start`, `[R, N]`, inside the graph, each row by steps of
 * its own: one whose error E is 1 or more is rejected, and the next is min(10, max(0.2,
 * 0.9·E^(−1/5))) times as long. E is the largest over the controlled parts of the root mean square
 * of error/(tolerance·(1 + max(|y| before, |y| after))).
 *
 * The derivative is evaluated for all rows until the last one is done, but a row that is done stays
 * as it is: no row changes another. A row gives up where its derivative isn't finite however short
 * the step, and what it leads to is kept out of its y.
 *
 * A graph can't throw: judge `left`. There is no gradient.
 *
 * @param derivative of y `[R, N]` at the time t of each row, `[R]`
 * @see Hairer, Nørsett and Wanner 1993, "Solving Ordinary Differential Equations I", section II.4,
 *   https://doi.org/10.1007/978-3-540-78862-1
 * @throws {ShapeError} if the derivative hasn't the shape of y.
 */
export function solve(
  start: Tensor,
  derivative: (y: Tensor, t: Tensor) => Tensor,
  options: SolveOptions,
): Solution {
  expectKind(derivative, "function", "solve: derivative");
  expectKind(options, "object", "solve: options");
  const { from, to, tolerance, steps, controlled } = options;
  expectKind(controlled, "shape", "solve: controlled");
  const span = to - from;
  const rows = axisSize(start, 0);
  /** One number for each row, `[R, 1]`. */
  const column = (value: number): Tensor => constant(value, [rows, 1]);
  const scaledError = (difference: Tensor, before: Tensor, after: Tensor): Tensor => {
    const scale = mul(add(maximum(abs(before), abs(after)), 1), tolerance);
    const squares = square(div(difference, scale));
    let end = 0;
    const errors = controlled.map((size) => sqrt(mean(slice(squares, 1, end, (end += size)), [1])));
    // A runtime's maximum may pass over a NaN; their sum is NaN if one is.
    return select(greater(errors.reduce(add), -1), errors.reduce(maximum), Infinity);
  };
  const at = (t: Tensor): Tensor => reshape(t, [rows]);
  const slope = derivative(start, at(column(from)));
  // Hairer's first guess: a hundredth of the time in which y would double.
  const [size, speed] = [scaledError(start, start, start), scaledError(slope, start, start)];
  const doubling = div(size, add(speed, 1e-10));
  const first = select(
    greater(Infinity, add(size, speed)),
    minimum(maximum(div(doubling, 100 * Math.abs(span)), 1e-3), 1),
    0,
  );
  // A row goes on while there is time left and its next step, in the precision at hand, shortens it.
  const goesOn = (left: Tensor, step: Tensor): Tensor =>
    greater(left, sub(left, minimum(step, left)));
  const last = loop(
    { y: start, slope, left: column(1), step: first, tried: constant(0) },
    {
      next: (now) => {
        const active = goesOn(now.left, now.step);
        const step = select(active, minimum(now.step, now.left), 0);
        const h = mul(step, span);
        const t = sub(to, mul(now.left, span));
        const slopes = [now.slope];
        let y = now.y;
        tableau.stages.forEach((weights, i) => {
          y = add(now.y, mul(h, weighted(slopes, weights)));
          slopes.push(derivative(y, at(add(t, mul(h, tableau.nodes[i + 1]!)))));
        });
        const error = scaledError(mul(h, weighted(slopes, errorWeights)), now.y, y);
        const accepted = mul(active, greater(1, error));
        const factor = mul(exp(mul(log(add(error, 1e-10)), -1 / 5)), safety);
        return {
          y: select(accepted, y, now.y),
          slope: select(accepted, slopes.at(-1)!, now.slope),
          left: select(accepted, sub(now.left, step), now.left),
          step: select(
            active,
            mul(step, minimum(maximum(factor, leastFactor), mostFactor)),
            now.step,
          ),
          tried: add(now.tried, 1),
        };
      },
      goOn: ({ left, step }) => sumAll(goesOn(left, step)),
      steps,
    },
  );
  return {
    y: last.y,
    left: reshape(last.left, [rows]),
    evaluations: add(mul(last.tried, tableau.stages.length), 1),
  };
}

/** Σ weightsᵢ·tensorsᵢ over the weights that aren't 0. */
function weighted(tensors: readonly Tensor[], weights: readonly number[]): Tensor {
  return weights
    .flatMap((weight, i) => (weight === 0 ? [] : [mul(tensors[i]!, weight)]))
    .reduce(add);
}
