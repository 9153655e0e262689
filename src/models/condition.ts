import { ShapeError, UsageError } from "../errors.js";
import { sameShape, type Arrays, type NDArray } from "../tree.js";
import type { Model } from "./model.js";

/** What a conditional model is given beside its events. */
export interface Conditioned {
  /** `[B, K]`, one row for each event: labels by `oneHot`, or any other numbers. */
  readonly condition?: NDArray;
}

/**
 * The condition of `count` events as an argument of a graph; nothing for a model that takes none.
 *
 * @throws {UsageError} if the model's condition is missing, or it takes none and is given one.
 * @throws {ShapeError} if it isn't `[count, K]`.
 */
export function conditionArrays(
  model: Model,
  { condition }: Conditioned,
  count: number,
  where: string,
): Arrays {
  const features = model.batch.condition;
  if (!features) {
    if (!condition) return {};
    throw new UsageError(
      `${where}: expected no condition for an unconditional ${model.kind}, got shape [${condition.shape}]; leave it out, or configure the model with \`condition\``,
    );
  }
  const expected = [count, ...features];
  if (!condition) {
    throw new UsageError(
      `${where}: expected a condition of shape [${expected}], got none; pass \`condition\``,
    );
  }
  if (!sameShape(condition.shape, expected)) {
    throw new ShapeError(
      `${where}: expected a condition of shape [${expected}], got [${condition.shape}]; give a row for each event`,
    );
  }
  return { condition };
}
