import { expectKind } from "../border/kinds.js";
import { expectParts } from "../border/parts.js";
import { LipschitzError } from "../errors.js";
import {
  add,
  div,
  dot,
  maximum,
  mul,
  norm,
  stopGradient,
  type Input,
  type Tensor,
} from "../graph/index.js";
import type { Context } from "./context.js";
import type { LinearOperator, OperatorKind } from "./operators.js";
import { normal, type BoundedWeight, type Scope } from "./scope.js";

/** Share of the old vector in the new one: nothing, unless the weight's product vanishes. */
const inertia = 1e-12;

/**
 * Added to reported norms, relatively. Power iteration approaches from below, and where singular
 * values lie close it stops short: from one start by up to 1.2·10⁻³, for the weights of two trained
 * networks and against 5,000 more iterations.
 */
export const normSlack = 2e-3;

/** What a bound has to be below that keeps a block invertible, 1/(1 + {@link normSlack}). */
export const mostContractive = 0.998;

/**
 * Checks a bound on a layer's norm. Norms are reported with {@link normSlack} added, so from
 * 1/(1 + slack) = 0.998 on no block could be told to be contractive.
 *
 * @throws {LipschitzError} unless 0 < c < 0.998.
 */
function expectContractive(c: number, where: string): void {
  if (c > 0 && c < mostContractive) return;
  const reason =
    c > 0 && c < 1
      ? `norms are estimated and reported ${100 * normSlack} % larger, so from 0.998 on no block is known to have an inverse`
      : "the inverse is sure to exist only below 1; where none is needed, take { norm, invertible: false } or no bound";
  throw new LipschitzError(
    `${where}: expected a Lipschitz bound c with 0 < c < 0.998, got ${c}; ${reason}`,
    { name: "c" },
  );
}

/**
 * Bound on the norm of a layer's weight: a number below 0.998, which keeps a block invertible;
 * `undefined` for none; or any norm above 0 by {@link FreeNorm}.
 */
export type NormBound = number | FreeNorm | undefined;

/** A bound on a norm that may be 1 and more. It says in so many words that it keeps nothing invertible. */
export interface FreeNorm {
  readonly norm: number;
  readonly invertible: false;
}

/** @throws {LipschitzError} unless 0 < c < 0.998, it is a {@link FreeNorm} above 0, or `undefined`. */
export function expectBound(c: NormBound, where: string): void {
  if (c === undefined) return;
  if (typeof c === "number") {
    expectContractive(c, where);
    return;
  }
  expectKind(c, "object", `${where}: c`);
  if (c.norm > 0 && c.norm < Infinity) return;
  throw new LipschitzError(`${where}: expected a finite norm above 0, got ${c.norm}`, {
    name: "c",
  });
}

/**
 * Bounds a weight's operator norm: W / max(1, σ(W)/c), so a weight within the bound stays as it
 * is. σ comes from power iteration, v ← Wᵀu/|Wᵀu|, u ← Wv/|Wv|, σ = ⟨u, Wv⟩, which approaches
 * the norm from below; u and v are state, so that few iterations a step are enough. Both stay as
 * they are while W is zero.
 *
 * @see Behrmann et al. 2019, section 2.1, https://arxiv.org/abs/1811.00995
 */
export class SpectralNorm implements BoundedWeight {
  readonly path: string;
  /** The bound on the norm, or `undefined` for none. */
  readonly c: number | undefined;
  readonly weight: Tensor;
  readonly u: Input;
  readonly v: Input;
  /** The linear map that the weight stands for. */
  readonly kind: OperatorKind;
  readonly #operator: LinearOperator;

  /**
   * @param scope where u and v, normal at first, are declared
   * @param weight W, in the shape that `operator` takes
   * @param operator the linear map that W stands for
   * @param c bound on its norm, see {@link NormBound}; `undefined` for none
   * @throws {LipschitzError} unless 0 < c < 0.998, or c is a {@link FreeNorm} or `undefined`.
   */
  constructor(scope: Scope, weight: Tensor, operator: LinearOperator, c: NormBound) {
    expectParts("SpectralNorm", { scope, weight, operator });
    expectBound(c, `SpectralNorm ${scope.path}`);
    this.path = scope.path;
    this.c = typeof c === "object" ? c.norm : c;
    this.weight = weight;
    this.kind = operator.kind;
    this.#operator = operator;
    this.u = scope.state("u", operator.outShape, normal);
    this.v = scope.state("v", operator.inShape, normal);
    scope.registerNorm(this);
  }

  /** The weight within its bound; u and v move on by the context's iterations. */
  normalised(ctx: Context): Tensor {
    const { c } = this;
    if (c === undefined) return this.weight;
    return ctx.once(this, () => {
      const { u, v } = this.iterate(ctx.powerIterations);
      if (ctx.powerIterations > 0) {
        ctx.update(this.u, u);
        ctx.update(this.v, v);
      }
      const sigma = dot(u, this.#operator.apply(v, this.weight));
      return div(this.weight, maximum(div(sigma, c), 1));
    });
  }

  /** u and v after so many power iterations, and |Wv|, which is at most the norm of W. */
  iterate(count: number): { u: Tensor; v: Tensor; sigma: Tensor } {
    const weight = stopGradient(this.weight);
    const forth = (v: Tensor): Tensor => this.#operator.apply(v, weight);
    const back = (u: Tensor): Tensor => this.#operator.adjoint(u, weight);
    // All iterations but the last need only directions: one division each, of WWᵀu, will do.
    let direction: Tensor = this.u;
    for (let i = 1; i < count; i++) direction = unit(forth(back(direction)));
    const v = unit(count > 0 ? add(back(direction), mul(this.v, inertia)) : this.v);
    const u = unit(count > 0 ? add(forth(v), mul(this.u, inertia)) : this.u);
    return { u, v, sigma: norm(forth(v)) };
  }
}

function unit(x: Tensor): Tensor {
  return stopGradient(div(x, maximum(norm(x), 1e-20)));
}
