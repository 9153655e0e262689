/** What a reader of a report needs to know of the model, in three sentences. */
export const introduction =
  "An invertible residual network (i-ResNet) is a stack of blocks y = x + g(x) whose branches g have a Lipschitz constant below 1. Every block can then be inverted: the iteration x ← y − g(x) converges to the x that gave y. The log-determinant of its Jacobian says how it stretches volume, so that the same network classifies, gives likelihoods and draws samples.";

/** Models that are made of such blocks. */
const residual: readonly string[] = [
  "i-resnet-classifier",
  "i-resnet-density",
  "i-resnet-hybrid",
  "residual-flow",
];

/** The introduction for a kind of model, if it is made of such blocks. */
export function introductionOf(kind: string): { readonly introduction?: string } {
  return residual.includes(kind) ? { introduction } : {};
}
