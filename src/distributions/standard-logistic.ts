import { add, log, mul, neg, softplus, sub, sumEvent, type Tensor } from "../graph/index.js";
import type { Context } from "../nn/index.js";
import type { Base } from "./gaussian.js";

/** Keeps uniform noise, a multiple of 2⁻²⁴ in [0, 1), inside (0, 1) in float32. */
const margin = 2 ** -23;

/**
 * Independent logistic variables: log p(z) = −Σ ln((1 + eᶻ)(1 + e⁻ᶻ)).
 *
 * @see Dinh et al. 2015, section 3.4, https://arxiv.org/abs/1410.8516
 */
export class StandardLogistic implements Base {
  readonly #features: number;

  constructor(features: number) {
    this.#features = features;
  }

  logProb(z: Tensor): Tensor {
    return neg(sumEvent(add(softplus(z), softplus(neg(z)))));
  }

  /** z = T·ln(u/(1 − u)), u uniform; |z| < 16.7 at T = 1. */
  sample(count: number, temperature: Tensor | number, ctx: Context): Tensor {
    const noise = ctx.noise("uniform", [count, this.#features]);
    const u = add(mul(noise, 1 - 2 * margin), margin);
    return mul(sub(log(u), log(sub(1, u))), temperature);
  }
}
