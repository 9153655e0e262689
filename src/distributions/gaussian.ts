import {
  add,
  exp,
  log,
  maximum,
  mean,
  mul,
  neg,
  reshape,
  sqrt,
  square,
  stopGradient,
  sub,
  sumAll,
  sumEvent,
  type Input,
  type Tensor,
} from "../graph/index.js";
import { zeros, type Context, type Scope } from "../nn/index.js";

/** A distribution of latent vectors `[B, D]`. */
export interface Base {
  /** log p(z) in nats, `[B]`. */
  logProb(z: Tensor, ctx: Context): Tensor;
  /** `count` draws, `[count, D]`; a temperature T scales the standard deviation. */
  sample(count: number, temperature: Tensor | number, ctx: Context): Tensor;
}

/**
 * N(mean, diag(e^{2·logScale})) with mean and logScale learned:
 * log p(z) = −½|(z − mean)/e^logScale|² − Σ logScale − D/2·ln 2π.
 *
 * A run in the `initialise` phase fits both to its batch.
 */
export class DiagonalGaussian implements Base {
  readonly #features: number;
  readonly #mean: Input;
  readonly #logScale: Input;

  constructor(scope: Scope, features: number) {
    this.#features = features;
    this.#mean = scope.parameter("mean", [features], zeros);
    this.#logScale = scope.parameter("logScale", [features], zeros);
  }

  logProb(z: Tensor, ctx: Context): Tensor {
    const { mean, logScale } = ctx.phase === "initialise" ? this.#fit(z, ctx) : this.#stored();
    const standard = mul(sub(z, mean), exp(neg(logScale)));
    const constantTerm = (this.#features / 2) * Math.log(2 * Math.PI);
    return sub(mul(sumEvent(square(standard)), -0.5), add(sumAll(logScale), constantTerm));
  }

  sample(count: number, temperature: Tensor | number, ctx: Context): Tensor {
    const noise = ctx.noise("normal", [count, this.#features]);
    return add(mul(noise, mul(exp(this.#logScale), temperature)), this.#mean);
  }

  #stored(): { mean: Tensor; logScale: Tensor } {
    return { mean: this.#mean, logScale: this.#logScale };
  }

  #fit(z: Tensor, ctx: Context): { mean: Tensor; logScale: Tensor } {
    const centre = mean(z, [0]);
    const deviation = sqrt(mean(square(sub(z, centre)), [0]));
    const fitted = {
      mean: stopGradient(reshape(centre, [this.#features])),
      logScale: stopGradient(reshape(log(maximum(deviation, 1e-2)), [this.#features])),
    };
    ctx.update(this.#mean, fitted.mean);
    ctx.update(this.#logScale, fitted.logScale);
    return fitted;
  }
}
