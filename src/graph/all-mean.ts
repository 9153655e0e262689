import { makeNode, type Tensor, expectTensor } from "./tensor.js";

/**
 * The mean of x over all members of a team, each of which has a part of a batch, and so an x of its
 * own; x itself for who is alone. Members meet there: see `cutAtMeans`.
 *
 * Its gradient is the mean of theirs, if each takes the gradient of the mean of its own rows: with
 * L = Σᵣ Lᵣ/R and s = Σᵣ xᵣ/R, R·∂L/∂xᵣ = Σᵣ (∂Lᵣ/∂s)/R.
 */
export function allMean(x: Tensor): Tensor {
  return makeNode("allMean", [expectTensor(x, "allMean")], {}, x.shape);
}
