import { expectParts } from "../border/parts.js";
import { add, log, mul, neg, softplus, sub, sumEvent, type Tensor } from "../graph/index.js";
import type { Context } from "../nn/index.js";
import type { Base } from "./gaussian.js";
import { openUniform } from "./open-uniform.js";

/**
 * Independent logistic variables: log p(z) = −Σ ln((1 + eᶻ)(1 + e⁻ᶻ)).
 *
 * @see Dinh et al. 2015, section 3.4, https://arxiv.org/abs/1410.8516
 */
export class StandardLogistic implements Base {
  readonly #features: number;

  /** @param features D of a latent */
  constructor(features: number) {
    expectParts("StandardLogistic", { features });
    this.#features = features;
  }

  logProb(z: Tensor): Tensor {
    return neg(sumEvent(add(softplus(z), softplus(neg(z)))));
  }

  /** z = T·ln(u/(1 − u)), u uniform; |z| < 16.7 at T = 1. */
  sample(count: number, temperature: Tensor | number, ctx: Context): Tensor {
    const u = openUniform(ctx.noise("uniform", [count, this.#features]));
    return mul(sub(log(u), log(sub(1, u))), temperature);
  }
}
