import { expectParts } from "../border/parts.js";
import {
  add,
  axisSize,
  constant,
  exp,
  expectEvent,
  greater,
  literal,
  log,
  logSumExp,
  max,
  mul,
  neg,
  reshape,
  slice,
  square,
  sub,
  sum,
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
import type { Base } from "./gaussian.js";
import { openUniform } from "./open-uniform.js";

export interface MixtureOptions extends Omit<MaskedOptions, "outputs"> {
  /** Gaussians in each conditional. */
  readonly components: number;
}

/** Each is `[B, components, D]`, or broadcasts to it. */
interface Conditionals {
  readonly mean: Tensor;
  readonly logScale: Tensor;
  /** Unnormalised log-weights. */
  readonly logits: Tensor;
}

/**
 * p(z) = Π_d Σ_k π_k N(z_d; μ_k, σ_k²), with π, μ and σ functions of the features before d by a
 * masked network, ln σ softly bounded to ±7.
 *
 * Its means start spread over ±2, so it expects roughly standardised features. Sampling is
 * sequential: D evaluations of the network, fewer if nothing changes any more.
 *
 * @see Papamakarios et al. 2017, sections 3.1 and 4.1 (MADE MoG), https://arxiv.org/abs/1705.07057
 */
export class AutoregressiveMixture implements Base {
  readonly #features: number;
  readonly #components: number;
  readonly #network: MaskedNetwork;

  /**
   * @param scope where the network's weights are declared
   * @param features D of a latent
   * @param given no field has a default
   * @throws {UsageError} if it could only be one Gaussian: one feature, one component, no condition.
   */
  constructor(scope: Scope, features: number, given: MixtureOptions) {
    expectParts("AutoregressiveMixture", { scope, features, options: given });
    const { components, ...options } = given;
    expectParts("AutoregressiveMixture", { components });
    if (components === 1) {
      expectInformed(`AutoregressiveMixture ${scope.path}`, features, options.condition);
    }
    this.#features = features;
    this.#components = components;
    const outputs = components > 1 ? 3 * components : 2;
    this.#network = new MaskedNetwork(scope, features, { ...options, outputs });
  }

  /** @throws {ShapeError} if z isn't `[B, D]`. */
  logProb(z: Tensor, ctx: Context): Tensor {
    expectEvent(z, [this.#features], "AutoregressiveMixture: z");
    const { logits, mean, logScale } = this.#conditionals(z, ctx);
    const standard = mul(sub(this.#each(z), mean), exp(neg(logScale)));
    const joint = sub(sub(logits, logScale), mul(square(standard), 0.5));
    const perFeature = sub(logSumExp(joint, 1), logSumExp(logits, 1));
    return sub(sumEvent(perFeature), (this.#features / 2) * Math.log(2 * Math.PI));
  }

  sample(count: number, temperature: Tensor | number, ctx: Context): Tensor {
    const noise = mul(ctx.noise("normal", [count, this.#features]), temperature);
    const uniform = ctx.noise("uniform", [count, this.#components, this.#features]);
    const gumbel = neg(log(neg(log(openUniform(uniform)))));
    return solveTriangular(noise, (z) => {
      const { logits, mean, logScale } = this.#conditionals(z, ctx);
      const chosen = largestOf(add(logits, gumbel));
      const draws = add(mul(this.#each(noise), exp(logScale)), mean);
      return reshape(sum(mul(draws, chosen), [1]), [count, this.#features]);
    }).value;
  }

  #conditionals(z: Tensor, ctx: Context): Conditionals {
    const k = this.#components;
    const all = this.#network.apply(z, ctx);
    const spread = Array.from({ length: k }, (_, i) => (k > 1 ? (4 * i) / (k - 1) - 2 : 0));
    return {
      mean: add(slice(all, 1, 0, k), literal(spread, [1, k, 1])),
      logScale: boundedLogScale(slice(all, 1, k, 2 * k)),
      logits: k > 1 ? slice(all, 1, 2 * k, 3 * k) : constant(0, [1, 1, 1]),
    };
  }

  /** `[B, D]` as `[B, 1, D]`. */
  #each(z: Tensor): Tensor {
    return reshape(z, [axisSize(z, 0), 1, this.#features]);
  }
}

/** 1 at the largest of axis 1, else 0. */
function largestOf(x: Tensor): Tensor {
  return sub(1, greater(max(x, [1]), x));
}
