import { expectParts } from "../border/parts.js";
import { ShapeError, UsageError } from "../errors.js";
import { addAll, type Tensor } from "../graph/index.js";
import type { Context } from "../nn/index.js";
import { sameShape, type Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";

/** f = fₙ ∘ … ∘ f₁; log-determinants add up. */
export class Chain implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  /** f₁ … fₙ. */
  readonly parts: readonly Bijection[];

  /**
   * @param parts f₁ … fₙ, in the order of the forward direction
   * @throws {UsageError} if there is none.
   * @throws {ShapeError} if a part doesn't take what the one before it gives.
   */
  constructor(parts: readonly Bijection[]) {
    expectParts("Chain", { parts });
    const [first, last] = [parts[0], parts.at(-1)];
    if (!first || !last) throw new UsageError("Chain: expected at least one bijection, got none");
    parts.slice(1).forEach((part, i) => {
      const given = parts[i]!.outShape;
      if (!sameShape(part.inShape, given)) {
        throw new ShapeError(
          `Chain: expected part ${i + 1} to take shape [${given}], it takes [${part.inShape}]`,
        );
      }
    });
    this.inShape = first.inShape;
    this.outShape = last.outShape;
    this.parts = parts;
  }

  forward(x: Tensor, ctx: Context): Mapped {
    return this.#run(x, this.parts, ctx, (part, value) => part.forward(value, ctx));
  }

  inverse(y: Tensor, ctx: Context): Mapped {
    return this.#run(y, [...this.parts].reverse(), ctx, (part, value) => part.inverse(value, ctx));
  }

  #run(
    start: Tensor,
    parts: readonly Bijection[],
    ctx: Context,
    step: (part: Bijection, value: Tensor) => Mapped,
  ): Mapped {
    const results: Mapped[] = [];
    for (const part of parts) results.push(step(part, results.at(-1)?.value ?? start));
    return mapped(
      results.at(-1)!.value,
      () => addAll(logDetsOf(results, ctx), [start.shape[0]!]),
      results.flatMap((result) => result.checks),
    );
  }
}

/** Log-determinants that add up to that of all: those that the estimator sums at once are one. */
function logDetsOf(results: readonly Mapped[], ctx: Context): Tensor[] {
  const maps = results.flatMap(({ residual }) => residual ?? []);
  const sum = maps.length > 1 ? ctx.logDet.sum : undefined;
  if (!sum) return results.map((result) => result.logDet);
  const others = results.filter(({ residual }) => !residual);
  return [sum(maps), ...others.map((result) => result.logDet)];
}
