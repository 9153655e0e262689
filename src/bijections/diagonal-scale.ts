import { expectParts } from "../border/parts.js";
import {
  axisSize,
  broadcast,
  div,
  exp,
  expectEvent,
  mul,
  neg,
  reshape,
  sumAll,
  type Tensor,
} from "../graph/index.js";
import { zeros, type Scope } from "../nn/index.js";
import type { Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";

/**
 * y = x·e^s with s learned per element, 0 at first; logDet = Σs.
 *
 * @see Dinh et al. 2015, section 3.3, https://arxiv.org/abs/1410.8516
 */
export class DiagonalScale implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #path: string;
  readonly #logScale: Tensor;

  /**
   * @param scope where s is declared, in `shape`
   * @param shape of an event
   */
  constructor(scope: Scope, shape: Shape) {
    expectParts("DiagonalScale", { scope, shape });
    this.inShape = shape;
    this.outShape = shape;
    this.#path = scope.path;
    this.#logScale = scope.parameter("logScale", shape, zeros);
  }

  forward(x: Tensor): Mapped {
    expectEvent(x, this.inShape, `DiagonalScale ${this.#path}: x`);
    return mapped(mul(x, this.#scale()), () => this.#logDet(x));
  }

  inverse(y: Tensor): Mapped {
    expectEvent(y, this.outShape, `DiagonalScale ${this.#path}: y`);
    return mapped(div(y, this.#scale()), () => neg(this.#logDet(y)));
  }

  #scale(): Tensor {
    return exp(reshape(this.#logScale, [1, ...this.inShape]));
  }

  #logDet(x: Tensor): Tensor {
    return broadcast(sumAll(this.#logScale), [axisSize(x, 0)]);
  }
}
