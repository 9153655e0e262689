import { expectParts } from "../border/parts.js";
import { ShapeError } from "../errors.js";
import {
  add,
  addAll,
  axisSize,
  concat,
  expectEvent,
  reshape,
  slice,
  type Tensor,
} from "../graph/index.js";
import type { Context } from "../nn/index.js";
import { sameShape, sizeOf, type Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";

/**
 * Factoring out: after each scale but the last, the first half of the channels is finished, the
 * second half goes on. The latent is every part, flattened and concatenated in that order.
 *
 * @see Dinh et al. 2017, section 3.6, https://arxiv.org/abs/1605.08803
 */
export class MultiScale implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #scales: readonly Bijection[];

  /**
   * @param scales in order: each takes half the channels that the one before it gives
   * @throws {ShapeError} if one doesn't, or there is none.
   */
  constructor(scales: readonly Bijection[]) {
    expectParts("MultiScale", { scales });
    const [first] = scales;
    if (!first) throw new ShapeError("MultiScale: expected at least one scale, got none");
    scales.slice(1).forEach((scale, i) => {
      const half = halfOf(scales[i]!.outShape);
      if (!sameShape(scale.inShape, half)) {
        throw new ShapeError(
          `MultiScale: expected scale ${i + 1} to take shape [${half}], it takes [${scale.inShape}]`,
        );
      }
    });
    this.inShape = first.inShape;
    this.outShape = [sizeOf(first.inShape)];
    this.#scales = scales;
  }

  forward(x: Tensor, ctx: Context): Mapped {
    expectEvent(x, this.inShape, "MultiScale: x");
    const batch = axisSize(x, 0);
    const results: Mapped[] = [];
    const parts: Tensor[] = [];
    let rest = x;
    this.#scales.forEach((scale, i) => {
      const result = scale.forward(rest, ctx);
      results.push(result);
      const y = result.value;
      if (i === this.#scales.length - 1) {
        parts.push(y);
        return;
      }
      const channels = axisSize(y, 1);
      parts.push(slice(y, 1, 0, channels / 2));
      rest = slice(y, 1, channels / 2, channels);
    });
    const flat = parts.map((part) => reshape(part, [batch, sizeOf(part.shape.slice(1))]));
    return mapped(
      concat(flat, 1),
      () =>
        addAll(
          results.map((result) => result.logDet),
          [batch],
        ),
      results.flatMap((result) => result.checks),
    );
  }

  inverse(z: Tensor, ctx: Context): Mapped {
    expectEvent(z, this.outShape, "MultiScale: z");
    const batch = axisSize(z, 0);
    let end = axisSize(z, 1);
    let last: Mapped | undefined;
    for (let i = this.#scales.length - 1; i >= 0; i--) {
      const scale = this.#scales[i]!;
      const shape = last ? halfOf(scale.outShape) : scale.outShape;
      const start = end - sizeOf(shape);
      const part = reshape(slice(z, 1, start, end), [batch, ...shape]);
      end = start;
      const inner = last;
      const result = scale.inverse(inner ? concat([part, inner.value], 1) : part, ctx);
      last = inner
        ? mapped(result.value, () => add(inner.logDet, result.logDet), [
            ...inner.checks,
            ...result.checks,
          ])
        : result;
    }
    return last!;
  }
}

/** @throws {ShapeError} if the channels can't be halved. */
export function halfOf([channels, ...rest]: Shape): Shape {
  if (channels === undefined || channels % 2 !== 0) {
    throw new ShapeError(`MultiScale: expected an even number of channels, got ${channels}`);
  }
  return [channels / 2, ...rest];
}
