import { expectParts } from "../../border/parts.js";
import { gradients } from "../../autodiff/vjp.js";
import { UsageError } from "../../errors.js";
import {
  abs,
  add,
  axisSize,
  concat,
  constant,
  div,
  dot,
  expectEvent,
  greater,
  log,
  max,
  maximum,
  mul,
  neg,
  reshape,
  slice,
  stopGradient,
  sub,
  withGradient,
  type Tensor,
} from "../../graph/index.js";
import type { Context, Dynamics } from "../../nn/index.js";
import { sizeOf, type Shape } from "../../tree.js";
import { mapped, type Bijection, type Mapped } from "../bijection.js";
import { exact } from "../logdet/exact.js";
import {
  exactDivergence,
  hutchinson,
  noDivergence,
  type Divergence,
  type Rates,
} from "./divergence.js";
import { solve, type Solution } from "./dormand-prince.js";

export interface SolverOptions {
  /** Error allowed in each step of the solver, absolute and relative. */
  readonly tolerance: number;
  /** Most steps the solver tries of each event. */
  readonly steps: number;
}

/** A flow watches under its path and this suffix how often its solve evaluated f. */
export const evaluationsSuffix = ".evaluations";

/**
 * The flow of dz/dt = f(z, t) from t = 0, where z = x, to t = 1, where z = y; the inverse runs back.
 * d ln|det ∂z/∂x|/dt = tr ∂f/∂z is solved beside it, with the exact trace if the context's estimator
 * is `exact`, else with Hutchinson's estimate, one Rademacher probe a solve. Each event takes steps
 * of its own, and one that isn't finite or takes too many leaves the others as they are. The
 * network is evaluated for the whole batch until its last event is done.
 *
 * Gradients are by the adjoint method: with H = ⟨a, f⟩ + ⟨l, tr ∂f/∂z⟩ and a, l the gradients in z
 * and in the log-determinant, dz/dt = f, da/dt = −∂H/∂z and dg/dt = −∂H/∂θ are solved from the end
 * back to the start, where a and g are the gradients in x and in θ. They are as accurate as the
 * solver, of which the errors of z and a choose the steps, which the batch shares. They can't be
 * differentiated again. An event that isn't finite makes the gradients NaN.
 *
 * A solve that doesn't reach an event's end within its steps makes its log-determinant NaN.
 *
 * @see Grathwohl et al. 2019, sections 3 and 4, https://arxiv.org/abs/1810.01367
 * @see Kidger et al. 2021, section 3, https://arxiv.org/abs/2009.09457, on g, whose error isn't
 *   controlled
 */
export class ContinuousFlow implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #path: string;
  readonly #dynamics: Dynamics;
  readonly #options: SolverOptions;

  /**
   * @param path where it is in the model, for errors and what is watched
   * @param shape of an event, `[D]` or `[C, H, W]`
   * @param dynamics f, such as an {@link odeNet}
   * @param options of the solver; neither has a default
   */
  constructor(path: string, shape: Shape, dynamics: Dynamics, options: SolverOptions) {
    expectParts("ContinuousFlow", { path, shape, dynamics, options });
    this.#path = path;
    this.inShape = shape;
    this.outShape = shape;
    this.#dynamics = dynamics;
    this.#options = options;
  }

  forward(x: Tensor, ctx: Context): Mapped {
    expectEvent(x, this.inShape, `ContinuousFlow ${this.#path}: x`);
    return this.#flow(x, ctx, { from: 0, to: 1 });
  }

  inverse(y: Tensor, ctx: Context): Mapped {
    expectEvent(y, this.outShape, `ContinuousFlow ${this.#path}: y`);
    return this.#flow(y, ctx, { from: 1, to: 0 });
  }

  #flow(start: Tensor, ctx: Context, times: Times): Mapped {
    const solver = { ...this.#options, ...times };
    const { shape } = start;
    const [batch, size] = [axisSize(start, 0), sizeOf(this.inShape)];
    const condition = this.#condition(ctx);
    const divergence = this.#divergence(shape, ctx);
    const rates: RatesAt = (z, t) =>
      divergence((at, repeat) => {
        const time = axisSize(t, 0) === 1 ? t : repeat(t);
        return this.#dynamics.velocity(at, time, condition && repeat(condition));
      }, z);
    const solution = solve(
      beside([start, constant(0, [batch])]),
      (state, t) => {
        const { velocity, divergence: rate } = rates(reshape(slice(state, 1, 0, size), shape), t);
        return beside([velocity, rate]);
      },
      { ...solver, controlled: ctx.hasLogDet ? [size, 1] : [size] },
    );
    const variables = [...this.#dynamics.parameters, ...(condition ? [condition] : [])];
    const end = withGradient(solution.y, [start, ...variables], (gradient) => {
      const part = (of: Tensor, from: number, to: number, as: Shape): Tensor =>
        reshape(slice(of, 1, from, to), as);
      const z = part(solution.y, 0, size, shape);
      const a = part(gradient, 0, size, shape);
      const l = part(gradient, size, size + 1, [batch]);
      return adjoint({ z, a, l, rates, variables, solver });
    });
    const value = reshape(slice(end, 1, 0, size), shape);
    ctx.watch(`${this.#path}${evaluationsSuffix}`, solution.evaluations);
    ctx.watch(this.#path, value);
    const logDet = (): Tensor => {
      if (!ctx.hasLogDet) {
        throw new UsageError(
          `ContinuousFlow ${this.#path}: a log-determinant needs an estimator; pass \`logDet\` to the context`,
        );
      }
      const integral = reshape(slice(end, 1, size, size + 1), [batch]);
      return add(integral, nanUnlessReached(solution));
    };
    return mapped(value, logDet, [
      {
        where: this.#path,
        residual: solution.left,
        tolerance: 0,
        remedy: "allow the solver more steps, or a larger tolerance",
      },
    ]);
  }

  #condition(ctx: Context): Tensor | undefined {
    const { condition } = this.#dynamics;
    return condition === 0 ? undefined : ctx.expectCondition(condition, this.#path);
  }

  #divergence(shape: Shape, ctx: Context): Divergence {
    if (!ctx.hasLogDet) return noDivergence;
    return ctx.logDet === exact ? exactDivergence : hutchinson(ctx.noise("rademacher", shape));
  }
}

interface Times {
  readonly from: number;
  readonly to: number;
}

type RatesAt = (z: Tensor, t: Tensor) => Rates;

interface Adjoint {
  /** z at the end. */
  readonly z: Tensor;
  /** The gradient in it. */
  readonly a: Tensor;
  /** The gradient in the log-determinant, `[B]`. */
  readonly l: Tensor;
  readonly rates: RatesAt;
  readonly variables: readonly Tensor[];
  readonly solver: SolverOptions & Times;
}

/**
 * The gradients in z at the start and in the variables, by one solve of the whole batch with one
 * step size: g sums over the events, and which of an event's steps count is known only once they
 * are tried, so steps of its own would take a second backward pass of each one that counts.
 */
function adjoint({ z, a, l, rates, variables, solver }: Adjoint): Tensor[] {
  const size = sizeOf(z.shape);
  // Gradients are as long as the loss's unit makes them, which the tolerance must not depend on.
  const unit = maximum(reshape(max(abs(pack([a, l])), [0, 1]), []), 1e-30);
  const solution = solve(
    pack([z, div(a, unit), ...variables.map(({ shape }) => constant(0, shape))]),
    (state, t) => {
      const [at, costate] = unpack(state, [z.shape, z.shape]);
      const { velocity, divergence } = rates(at!, t);
      const hamiltonian = add(
        dot(stopGradient(costate!), velocity),
        dot(stopGradient(div(l, unit)), divergence),
      );
      return pack([velocity, ...gradients(hamiltonian, [at!, ...variables]).map(neg)]);
    },
    {
      tolerance: solver.tolerance,
      steps: solver.steps,
      from: solver.to,
      to: solver.from,
      controlled: [size, size],
    },
  );
  const shapes = [z, ...variables].map(({ shape }) => shape);
  const [, ...found] = unpack(solution.y, [z.shape, ...shapes]);
  const factor = add(unit, reshape(nanUnlessReached(solution), []));
  return found.map((gradient) => mul(gradient, factor));
}

/** 0 in the rows of a solve that reached their end, else NaN. */
function nanUnlessReached({ left }: Solution): Tensor {
  return log(sub(1, mul(greater(left, 0), 2)));
}

/** Each event's elements of the tensors `[B, ...]`, one after another: `[B, N]`. */
function beside(tensors: readonly Tensor[]): Tensor {
  return concat(
    tensors.map((t) => reshape(t, [axisSize(t, 0), sizeOf(t.shape.slice(1))])),
    1,
  );
}

/** Every element of the tensors, one after another, in one row: `[1, N]`. */
function pack(tensors: readonly Tensor[]): Tensor {
  return concat(
    tensors.map((tensor) => reshape(tensor, [1, sizeOf(tensor.shape)])),
    1,
  );
}

/** The tensors of these shapes that a row of packed ones begins with. */
function unpack(packed: Tensor, shapes: readonly Shape[]): Tensor[] {
  let end = 0;
  return shapes.map((shape) => {
    const start = end;
    end += sizeOf(shape);
    return reshape(slice(packed, 1, start, end), shape);
  });
}
