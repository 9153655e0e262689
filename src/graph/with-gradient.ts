import { expectKind } from "../border/kinds.js";
import { makeNode, type Tensor, expectTensor } from "./tensor.js";

/**
 * `value`, with a gradient of its own making: given g, the gradient in `value`, `vjp` gives the
 * gradient in each of `sources`, in its shape. Nothing flows back through `value` itself, so that
 * it may have no gradient, or a slower one.
 */
export function withGradient(
  value: Tensor,
  sources: readonly Tensor[],
  vjp: (g: Tensor) => readonly Tensor[],
): Tensor {
  expectTensor(value, "withGradient");
  expectKind(sources, "tensors", "withGradient");
  expectKind(vjp, "function", "withGradient");
  return makeNode("withGradient", [value, ...sources], { vjp }, value.shape);
}
