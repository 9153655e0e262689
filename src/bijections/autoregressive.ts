import { expectParts } from "../border/parts.js";
import {
  add,
  axisSize,
  exp,
  expectEvent,
  mul,
  neg,
  reshape,
  slice,
  sub,
  sumEvent,
  type Tensor,
} from "../graph/index.js";
import {
  boundedLogScale,
  expectInformed,
  MaskedNetwork,
  solveTriangular,
  type Context,
  type MaskedOptions,
  type Scope,
} from "../nn/index.js";
import type { Shape } from "../tree.js";
import { mapped, relativeResidual, type Bijection, type Mapped } from "./bijection.js";

/**
 * z = (x − μ(x))·e^{−α(x)}, μ_d and α_d functions of the features before d by a masked network, α
 * softly bounded to ±7; logDet = −Σα_d.
 *
 * With z standard normal, x has Gaussian conditionals: x_d ~ N(μ_d, e^{2α_d}). The inverse
 * iterates x ← z·e^{α(x)} + μ(x), which is exact after at most D turns.
 *
 * @see Papamakarios et al. 2017, section 3.1, https://arxiv.org/abs/1705.07057
 */
export class MaskedAutoregressive implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #path: string;
  readonly #network: MaskedNetwork;

  /**
   * @param scope where the network's weights are declared
   * @param features D of an event
   * @param options of the network; no field has a default
   * @throws {UsageError} if there is one feature and no condition: μ and α would be constants.
   */
  constructor(scope: Scope, features: number, options: Omit<MaskedOptions, "outputs">) {
    expectParts("MaskedAutoregressive", { scope, features, options });
    expectInformed(`MaskedAutoregressive ${scope.path}`, features, options.condition);
    this.inShape = [features];
    this.outShape = [features];
    this.#path = scope.path;
    this.#network = new MaskedNetwork(scope, features, { ...options, outputs: 2 });
  }

  forward(x: Tensor, ctx: Context): Mapped {
    expectEvent(x, this.inShape, `MaskedAutoregressive ${this.#path}: x`);
    const { mean, logScale } = this.#conditionals(x, ctx);
    const z = mul(sub(x, mean), exp(neg(logScale)));
    ctx.watch(this.#path, z);
    return mapped(z, () => neg(sumEvent(logScale)));
  }

  inverse(z: Tensor, ctx: Context): Mapped {
    expectEvent(z, this.outShape, `MaskedAutoregressive ${this.#path}: z`);
    const { value: x, step } = solveTriangular(z, (t) => {
      const { mean, logScale } = this.#conditionals(t, ctx);
      return add(mul(z, exp(logScale)), mean);
    });
    return mapped(x, () => sumEvent(this.#conditionals(x, ctx).logScale), [
      {
        where: this.#path,
        residual: relativeResidual(step, z),
        tolerance: 1e-5,
        remedy: "invert only finite values of the size that the forward map gives",
      },
    ]);
  }

  #conditionals(x: Tensor, ctx: Context): { mean: Tensor; logScale: Tensor } {
    const both = this.#network.apply(x, ctx);
    const part = (i: number): Tensor =>
      reshape(slice(both, 1, i, i + 1), [axisSize(x, 0), ...this.inShape]);
    return { mean: part(0), logScale: boundedLogScale(part(1)) };
  }
}
