import { vjp } from "../autodiff/vjp.js";
import {
  add,
  expectEvent,
  fixedPoint,
  mul,
  neg,
  stopGradient,
  sub,
  withGradient,
  type Tensor,
} from "../graph/index.js";
import { Context, type Branch } from "../nn/index.js";
import type { NoiseKind } from "../random.js";
import type { Shape } from "../tree.js";
import {
  lengthOf,
  mapped,
  relativeResidual,
  type Bijection,
  type Check,
  type Mapped,
} from "./bijection.js";

/** Where a block takes x or y: w, and how well it solves its equation. */
interface Solved {
  readonly w: Tensor;
  readonly checks: readonly Check[];
}

/**
 * The monotone block, y = √2·w − x where w + g(w) = √2·x, invertible because Lip(g) ≤ L < 1, L the
 * product of the branch's norms. Its inverse is the block of −g: x = √2·w − y where
 * w − g(w) = √2·y. With J = J_g(w),
 *
 *     dy/dx = (I − J)(I + J)⁻¹,  logDet = ln det(I − J) − ln det(I + J) = −2 Σ_{k odd} tr(Jᵏ)/k,
 *
 * so that slopes reach from (1 − L)/(1 + L) to (1 + L)/(1 − L), where those of x + g(x) lie between
 * 1 − L and 1 + L. Both directions iterate, and so does the gradient, which comes from
 * dw = (I + J)⁻¹(√2·dx − dg). Both log-determinants are the context's estimator's, by the same
 * noise: what estimates even powers of J cancels.
 *
 * @see Ahn et al. 2022, https://arxiv.org/abs/2210.08176
 */
export class MonotoneBlock implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly path: string;
  readonly branch: Branch;

  /**
   * @param path names the block in checks
   * @param shape of an event, `[D]` or `[C, H, W]`
   * @param branch g, with Lip(g) < 1
   */
  constructor(path: string, shape: Shape, branch: Branch) {
    this.path = path;
    this.inShape = shape;
    this.outShape = shape;
    this.branch = branch;
  }

  forward(x: Tensor, ctx: Context): Mapped {
    expectEvent(x, this.inShape, `MonotoneBlock ${this.path}: x`);
    const { w, checks } = this.#solve(x, 1, ctx);
    const y = sub(mul(w, Math.SQRT2), x);
    ctx.watch(this.path, y);
    return mapped(y, () => this.#logDet(w, ctx), checks);
  }

  inverse(y: Tensor, ctx: Context): Mapped {
    expectEvent(y, this.outShape, `MonotoneBlock ${this.path}: y`);
    const { w, checks } = this.#solve(y, -1, ctx);
    const x = sub(mul(w, Math.SQRT2), y);
    return mapped(x, () => neg(this.#logDet(w, ctx)), checks);
  }

  /** w with w ± g(w) = √2·from. */
  #solve(from: Tensor, sign: 1 | -1, ctx: Context): Solved {
    const target = mul(from, Math.SQRT2);
    const g = (t: Tensor): Tensor => mul(this.branch.apply(t, ctx), sign);
    const { steps, tolerance } = ctx.inverse(this.path);
    const { value, step } = fixedPoint(target, (t) => sub(target, g(t)), {
      steps,
      tolerance: mul(tolerance, add(1, lengthOf(target))),
    });
    const at = stopGradient(value);
    const gw = g(at);
    // dw = (I + J)⁻¹ d(target − g) at fixed w, so a slope s pulls back to (I + Jᵀ)⁻¹s.
    const w = withGradient(at, [sub(target, gw)], (slope) => {
      const pulled = fixedPoint(slope, (v) => sub(slope, vjp(gw, at, v)), {
        steps,
        tolerance: mul(tolerance, lengthOf(slope)),
      });
      return [pulled.value];
    });
    const check = {
      where: this.path,
      // Of √2·w, which is all of the result that is solved for.
      residual: relativeResidual(mul(step, Math.SQRT2), from),
      tolerance: 1e-5,
      remedy: "allow more inverse steps, or check the block's Lipschitz bound",
    };
    return { w, checks: [check] };
  }

  #logDet(w: Tensor, ctx: Context): Tensor {
    const g = (t: Tensor): Tensor => this.branch.apply(t, ctx);
    const minus = (t: Tensor): Tensor => neg(g(t));
    const noises: Tensor[] = [];
    const [gw, shared] = [g(w), (): Context => new SharedNoise(ctx, noises)];
    return sub(ctx.logDet(minus, w, neg(gw), shared()), ctx.logDet(g, w, gw, shared()));
  }
}

/** Another context's noise, drawn once for all that share `drawn`, who ask for it in one order. */
class SharedNoise extends Context {
  readonly #parent: Context;
  readonly #drawn: Tensor[];
  #next = 0;

  constructor(parent: Context, drawn: Tensor[]) {
    super({ phase: parent.phase });
    this.#parent = parent;
    this.#drawn = drawn;
  }

  override noise(kind: NoiseKind, shape: Shape): Tensor {
    const known = this.#drawn[this.#next++];
    if (known) return known;
    const fresh = this.#parent.noise(kind, shape);
    this.#drawn.push(fresh);
    return fresh;
  }
}
