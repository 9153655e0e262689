import { expectParts } from "../border/parts.js";
import {
  add,
  axisSize,
  broadcast,
  exp,
  expectEvent,
  matmul,
  mul,
  neg,
  reshape,
  sub,
  sumAll,
  transpose,
  type Tensor,
} from "../graph/index.js";
import type { Initializer, Scope } from "../nn/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";
import { timesChannels } from "./channels.js";
import { identity, literalMatrix } from "./literal-matrix.js";
import { luFactors, randomRotation, type LuFactors } from "./random-rotation.js";

/**
 * y = Wx over the channels of each pixel, a 1x1 convolution (or over the features of a vector):
 *
 *     W = P·(I + L)·(U + diag(sign·e^s)),  logDet = (pixels)·Σs,
 *
 * with L strictly lower and U strictly upper triangular. P and the signs stay as they are at
 * first, when W is a random rotation. The inverse multiplies by the inverses of the factors.
 *
 * @see Kingma and Dhariwal 2018, section 3.2, https://arxiv.org/abs/1807.03039
 */
export class InvertibleConv implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #path: string;
  readonly #permutation: Tensor;
  readonly #sign: Tensor;
  readonly #lower: Tensor;
  readonly #upper: Tensor;
  readonly #logScale: Tensor;

  /**
   * @param scope where the factors are declared, of a rotation that the model's seed gives
   * @param shape of an event, `[C]` or `[C, H, W]`
   */
  constructor(scope: Scope, shape: Shape) {
    expectParts("InvertibleConv", { scope, shape });
    this.inShape = shape;
    this.outShape = shape;
    this.#path = scope.path;
    const n = shape[0]!;
    const initial =
      (of: (factors: LuFactors) => ArrayLike<number>): Initializer =>
      (_size, _random, model) =>
        of(luFactors(randomRotation(n, model.split(`${scope.path}.rotation`)), n));
    const ofDiagonal = (f: (x: number) => number): Initializer =>
      initial(({ upper }) => upper.filter((_, i) => i % (n + 1) === 0).map(f));
    this.#permutation = scope.state(
      "permutation",
      [n, n],
      initial((lu) => lu.permutation),
    );
    this.#sign = scope.state("sign", [n], ofDiagonal(Math.sign));
    this.#lower = scope.parameter(
      "lower",
      [n, n],
      initial(({ lower }) => lower),
    );
    this.#upper = scope.parameter(
      "upper",
      [n, n],
      initial(({ upper }) => upper),
    );
    this.#logScale = scope.parameter(
      "logScale",
      [n],
      ofDiagonal((x) => Math.log(Math.abs(x))),
    );
  }

  forward(x: Tensor): Mapped {
    expectEvent(x, this.inShape, `InvertibleConv ${this.#path}: x`);
    const { lower, upper, scale, identity } = this.#factors();
    const diagonal = mul(identity, scale);
    const weight = product(this.#permutation, add(identity, lower), add(upper, diagonal));
    return mapped(timesChannels(weight, x), () => this.#logDet(x));
  }

  inverse(y: Tensor): Mapped {
    expectEvent(y, this.outShape, `InvertibleConv ${this.#path}: y`);
    const { lower, upper, scale } = this.#factors();
    const n = axisSize(scale, 0);
    const reciprocal = mul(this.#sign, exp(neg(this.#logScale)));
    // U + D = D(I + D⁻¹U), and each row of D⁻¹U is one of U, scaled.
    const unitUpper = mul(reshape(reciprocal, [n, 1]), upper);
    const weight = product(
      mul(unitInverse(unitUpper), reciprocal),
      unitInverse(lower),
      transposed(this.#permutation),
    );
    return mapped(timesChannels(weight, y), () => neg(this.#logDet(y)));
  }

  #factors(): { lower: Tensor; upper: Tensor; scale: Tensor; identity: Tensor } {
    const n = axisSize(this.#sign, 0);
    return {
      lower: mul(
        this.#lower,
        literalMatrix(n, (i, j) => i > j),
      ),
      upper: mul(
        this.#upper,
        literalMatrix(n, (i, j) => i < j),
      ),
      scale: mul(this.#sign, exp(this.#logScale)),
      identity: identity(n),
    };
  }

  #logDet(x: Tensor): Tensor {
    const pixels = sizeOf(this.inShape.slice(1));
    return broadcast(mul(sumAll(this.#logScale), pixels), [axisSize(x, 0)]);
  }
}

/**
 * (I + N)⁻¹ of a strictly lower or strictly upper triangular N, by blocks that double:
 *
 *     [A 0; B C]⁻¹ = X − X·[0 0; B 0]·X,  X = [A⁻¹ 0; 0 C⁻¹],
 *
 * for all blocks of a size at once, from blocks of one element, whose inverse is 1.
 */
function unitInverse(strict: Tensor): Tensor {
  const n = axisSize(strict, 0);
  let inverse = identity(n);
  for (let size = 1; size < n; size *= 2) {
    const block = (i: number): number => Math.floor(i / size);
    const pair = (i: number): number => Math.floor(i / (2 * size));
    const isCorner = literalMatrix(n, (i, j) => pair(i) === pair(j) && block(i) !== block(j));
    inverse = sub(inverse, product(inverse, mul(strict, isCorner), inverse));
  }
  return inverse;
}

const product = (a: Tensor, b: Tensor, c: Tensor): Tensor => matmul(matmul(a, b), c);

const transposed = (a: Tensor): Tensor => transpose(a, [1, 0]);
