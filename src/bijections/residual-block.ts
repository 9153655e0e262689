import { add, expectEvent, fixedPoint, neg, sub, type Tensor } from "../graph/index.js";
import type { Branch, Context } from "../nn/index.js";
import type { Shape } from "../tree.js";
import { mapped, relativeResidual, type Bijection, type Mapped } from "./bijection.js";

/**
 * y = x + g(x), invertible because Lip(g) ≤ L < 1, L the product of the branch's norms.
 *
 * The inverse iterates x ← y − g(x), which gains a factor L each time: |xₙ − x| ≤ Lⁿ|g(y)|/(1−L)
 * (Algorithm 1). ln det(I + J_g) comes from the context's estimator.
 *
 * @see Behrmann et al. 2019, theorem 1, https://arxiv.org/abs/1811.00995
 */
export class ResidualBlock implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly path: string;
  readonly branch: Branch;

  constructor(path: string, shape: Shape, branch: Branch) {
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
    return mapped(y, () => ctx.logDet(g, x, gx, ctx));
  }

  inverse(y: Tensor, ctx: Context): Mapped {
    expectEvent(y, this.outShape, `ResidualBlock ${this.path}: y`);
    const x = fixedPoint(y, (t) => sub(y, this.branch.apply(t, ctx)), ctx.inverse);
    const back = this.forward(x, ctx);
    return mapped(x, () => neg(back.logDet), [
      {
        where: this.path,
        residual: relativeResidual(sub(back.value, y), y),
        tolerance: 1e-5,
        remedy: "allow more inverse steps, or check the block's Lipschitz bound",
      },
    ]);
  }
}
