import { expectKind } from "../border/kinds.js";
import type { Norms } from "./converge.js";
import type { Model } from "./model.js";

/**
 * Bound on Lip(g) of each residual block, by path: the product of its layers' norms, and an
 * estimate as far as they are. Infinite where a norm isn't known.
 */
export function lipschitzBounds(
  model: Pick<Model, "blocks">,
  norms: Norms,
): Readonly<Record<string, number>> {
  expectKind(model, "blocks", "lipschitzBounds");
  expectKind(norms, "object", "lipschitzBounds");
  const { blocks } = model;
  return Object.fromEntries(
    blocks.map((block) => [
      block.path,
      block.norms.reduce((product, path) => product * (norms[path] ?? Infinity), 1),
    ]),
  );
}

/**
 * Fixed-point iterations after which the error of a block's inverse is at most `accuracy` times its
 * first step: the smallest n with Lⁿ/(1 − L) ≤ accuracy. `undefined` unless L < 1.
 *
 * @see Behrmann et al. 2019, section 2.2, https://arxiv.org/abs/1811.00995
 */
export function plannedIterations(lipschitz: number, accuracy: number): number | undefined {
  if (!(lipschitz < 1)) return undefined;
  return Math.max(1, Math.ceil(Math.log(accuracy * (1 - lipschitz)) / Math.log(lipschitz)));
}
