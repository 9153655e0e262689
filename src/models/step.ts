import { constant, literal, type Tensor } from "../graph/index.js";
import type { Model } from "./model.js";

/**
 * Width of the noise that a model's data are dequantised with, see {@link Context.step}: 1 for
 * pixels, else that of each column, in the model's own units. Only densities are dequantised.
 *
 * @param columns `[D]`, 0 for real numbers; all are real unless given.
 */
export function stepOf(
  { pixels, density }: Pick<Model, "pixels" | "density">,
  columns: readonly number[] = [],
): Tensor | undefined {
  if (!density) return undefined;
  if (pixels) return constant(1);
  if (!columns.some((step) => step > 0)) return undefined;
  return literal(columns, [1, columns.length]);
}
