import type { Tensor } from "../graph/index.js";
import type { Context } from "../nn/index.js";
import type { Shape } from "../tree.js";
import type { Bijection, Mapped } from "./bijection.js";

/** A bijection the other way round: its inverse as the forward direction. */
export class Inverted implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #of: Bijection;

  /** @param of the bijection whose outputs this one takes */
  constructor(of: Bijection) {
    this.inShape = of.outShape;
    this.outShape = of.inShape;
    this.#of = of;
  }

  forward(x: Tensor, ctx: Context): Mapped {
    return this.#of.inverse(x, ctx);
  }

  inverse(y: Tensor, ctx: Context): Mapped {
    return this.#of.forward(y, ctx);
  }
}
