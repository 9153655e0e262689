import { expectParts } from "../border/parts.js";
import type { Bijection, Check } from "../bijections/index.js";
import { add, type Tensor } from "../graph/index.js";
import type { Context } from "../nn/index.js";
import type { Base } from "./gaussian.js";

/** A density: data are what a bijection maps to a base distribution. */
export class Flow {
  readonly base: Base;
  readonly bijection: Bijection;

  /**
   * @param base of latents, `[B, D]`
   * @param bijection from events to such latents
   */
  constructor(base: Base, bijection: Bijection) {
    expectParts("Flow", { base, bijection });
    this.base = base;
    this.bijection = bijection;
  }

  /**
   * log p(x) = log p_base(f(x)) + ln|det J_f(x)| and the second of its terms, in nats, `[B]`, with
   * z = f(x) and the checks of f.
   */
  score(
    x: Tensor,
    ctx: Context,
  ): { logProb: Tensor; logDet: Tensor; z: Tensor; checks: readonly Check[] } {
    const { value: z, logDet, checks } = this.bijection.forward(x, ctx);
    return { logProb: add(this.base.logProb(z, ctx), logDet), logDet, z, checks };
  }

  /** x = f⁻¹(z), z drawn from the base, with the checks that its inverse needs. */
  sample(
    count: number,
    temperature: Tensor | number,
    ctx: Context,
  ): { x: Tensor; checks: readonly Check[] } {
    const { value: x, checks } = this.bijection.inverse(
      this.base.sample(count, temperature, ctx),
      ctx,
    );
    return { x, checks };
  }
}
