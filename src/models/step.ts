import { expectKind } from "../border/kinds.js";
import { constant, literal, type Tensor } from "../graph/index.js";
import type { NDArray } from "../tree.js";
import type { Model } from "./model.js";

/**
 * Width of the noise that a model's data are dequantised with, see {@link Context.step}: 1 for
 * pixels, else that of each column, in the model's own units. Only densities are dequantised.
 *
 * @param steps `[1, D]` (`[1, C, 1, 1]` of images), 0 for real numbers; all are real unless given.
 */
export function stepOf(
  model: Pick<Model, "pixels" | "density">,
  steps?: NDArray,
): Tensor | undefined {
  expectKind(model, "object", "stepOf");
  const { pixels, density } = model;
  if (!density) return undefined;
  if (pixels) return constant(1);
  return steps && literal([...steps.data], steps.shape);
}
