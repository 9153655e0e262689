import { expectParts } from "../border/parts.js";
import { add, axisSize, broadcast, matmul, reshape, type Tensor } from "../graph/index.js";
import type { Context } from "./context.js";
import type { Layer } from "./linear.js";
import { uniform, type Scope } from "./scope.js";

/**
 * h + Wc, c the context's condition `[B, K]`: added per feature of `[B, C]`, or per channel of
 * `[B, C, H, W]`, the same at every place. After a network's first layer it does what
 * concatenating c to the input does. With K = 0 it is the identity.
 *
 * An h of m rows for each row of c, as an exact Jacobian needs, takes each of c's m times in a row.
 */
export class ConditionShift implements Layer {
  readonly #path: string;
  readonly #features: number;
  readonly #weight: Tensor | undefined;

  /**
   * @param scope where W, `[channels, features]`, is declared; nothing is if K = 0
   * @param features K of the condition; 0 for none
   * @param channels C of h
   */
  constructor(scope: Scope, features: number, channels: number) {
    expectParts("ConditionShift", { scope, condition: features, channels });
    this.#path = scope.path;
    this.#features = features;
    if (features === 0) return;
    const bound = uniform(1 / Math.sqrt(features));
    this.#weight = scope.parameter("weight", [channels, features], bound, { decay: true });
  }

  /**
   * @throws {UsageError} if K > 0 and the context has no condition.
   * @throws {ShapeError} if the condition isn't `[B, K]`.
   */
  apply(h: Tensor, ctx: Context): Tensor {
    if (!this.#weight) return h;
    const condition = ctx.expectCondition(this.#features, this.#path);
    const shift = matmul(condition, this.#weight, { transposeB: true });
    const [batch, channels, rows] = [axisSize(shift, 0), axisSize(shift, 1), axisSize(h, 0)];
    const each = broadcast(reshape(shift, [batch, 1, channels]), [batch, rows / batch, channels]);
    return add(h, reshape(each, [rows, channels, ...h.shape.slice(2).map(() => 1)]));
  }
}
