import { expectParts } from "../border/parts.js";
import {
  abs,
  add,
  exp,
  greater,
  log,
  max,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  reshape,
  select,
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

/** The least standard deviation that is fitted, as a share of the largest, or of 1 if that is larger. */
const leastDeviation = 1e-2;

/**
 * N(mean, diag(e^{2·logScale})) with mean and logScale learned:
 * log p(z) = −½|(z − mean)/e^logScale|² − Σ logScale − D/2·ln 2π.
 *
 * A run in the `initialise` phase fits both to its batch, whatever its unit: a feature that barely
 * varies gets a hundredth of the largest deviation, or 1/100 if that is 1 or more.
 */
export class DiagonalGaussian implements Base {
  readonly #features: number;
  readonly #mean: Input;
  readonly #logScale: Input;

  /**
   * @param scope where `mean` and `logScale`, `[D]` each, 0 at first, are declared
   * @param features D of a latent
   */
  constructor(scope: Scope, features: number) {
    expectParts("DiagonalGaussian", { scope, features });
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
    const largest = max(deviation, [1]);
    // Of a batch that doesn't vary, as far as float32 tells, 1.
    const varies = greater(largest, mul(max(abs(centre), [1]), 1e-6));
    const unit = select(varies, minimum(largest, 1), 1);
    const least = mul(unit, leastDeviation);
    const fitted = {
      mean: stopGradient(reshape(centre, [this.#features])),
      logScale: stopGradient(reshape(log(maximum(deviation, least)), [this.#features])),
    };
    ctx.update(this.#mean, fitted.mean);
    ctx.update(this.#logScale, fitted.logScale);
    return fitted;
  }
}
