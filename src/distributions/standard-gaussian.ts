import { expectParts } from "../border/parts.js";
import { mul, square, sub, sumEvent, type Tensor } from "../graph/index.js";
import type { Context } from "../nn/index.js";
import type { Base } from "./gaussian.js";

/** N(0, I): log p(z) = −½|z|² − D/2·ln 2π. */
export class StandardGaussian implements Base {
  readonly #features: number;

  /** @param features D of a latent */
  constructor(features: number) {
    expectParts("StandardGaussian", { features });
    this.#features = features;
  }

  logProb(z: Tensor): Tensor {
    return sub(mul(sumEvent(square(z)), -0.5), (this.#features / 2) * Math.log(2 * Math.PI));
  }

  sample(count: number, temperature: Tensor | number, ctx: Context): Tensor {
    return mul(ctx.noise("normal", [count, this.#features]), temperature);
  }
}
