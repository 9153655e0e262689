import { expectParts } from "../border/parts.js";
import { add, expectEvent, fixedPoint, mul, neg, sub, type Tensor } from "../graph/index.js";
import type { Branch, Context } from "../nn/index.js";
import type { Shape } from "../tree.js";
import { lengthOf, mapped, relativeResidual, type Bijection, type Mapped } from "./bijection.js";

/**
 * y = x + g(x), invertible because Lip(g) ≤ L < 1, L the product of the branch's norms.
 *
 * The inverse iterates x ← y − g(x), accelerated. Its last step r, from the iterate before x to x,
 * certifies the error |x − f⁻¹(y)|₂ ≤ L/(1 − L)·|r|₂. ln det(I + J_g) comes from the context's
 * estimator.
 *
 * @see Behrmann et al. 2019, theorem 1 and algorithm 1, https://arxiv.org/abs/1811.00995
 */
export class ResidualBlock implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly path: string;
  readonly branch: Branch;

  /**
   * @param path where it is in the model, for checks, errors and the limits of its inverse
   * @param shape of an event
   * @param branch g, such as {@link denseBranch} or {@link convBranch} gives; its bounds are its own
   */
  constructor(path: string, shape: Shape, branch: Branch) {
    expectParts("ResidualBlock", { path, shape, branch });
    this.path = path;
    this.inShape = shape;
    this.outShape = shape;
    this.branch = branch;
  }

  forward(x: Tensor, ctx: Context): Mapped {
    expectEvent(x, this.inShape, `ResidualBlock ${this.path}: x`);
    const g = (t: Tensor): Tensor => this.branch.apply(t, ctx);
    const gx = g(x);
    const y = add(x, gx);
    ctx.watch(this.path, y);
    return Object.assign(
      mapped(y, () => ctx.logDet(g, x, gx, ctx)),
      { residual: { g, x } },
    );
  }

  inverse(y: Tensor, ctx: Context): Mapped {
    expectEvent(y, this.outShape, `ResidualBlock ${this.path}: y`);
    const { steps, tolerance } = ctx.inverse(this.path);
    const { value: x, step } = fixedPoint(y, (t) => sub(y, this.branch.apply(t, ctx)), {
      steps,
      tolerance: mul(tolerance, add(1, lengthOf(y))),
    });
    return mapped(x, () => neg(this.forward(x, ctx).logDet), [
      {
        where: this.path,
        residual: relativeResidual(step, y),
        tolerance: 1e-5,
        remedy: "allow more inverse steps, or check the block's Lipschitz bound",
      },
    ]);
  }
}
