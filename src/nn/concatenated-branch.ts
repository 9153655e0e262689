import { LipschitzError } from "../errors.js";
import { add, concat, div, mul, softplus, sqrt, square, type Tensor } from "../graph/index.js";
import type { Shape } from "../tree.js";
import { activation, channelsPer } from "./activations.js";
import type { Branch, BranchOptions } from "./branch.js";
import { ConditionShift } from "./condition-shift.js";
import type { Context } from "./context.js";
import { LipschitzConv2d, LipschitzLinear } from "./linear.js";
import { zeros, type Scope } from "./scope.js";

export interface ConcatenatedSizes {
  /** Layers whose outputs are concatenated with their inputs, at least 1. */
  readonly depth: number;
  /** Channels (or features) that each layer's map gives, before its activation. */
  readonly growth: number;
}

/** Least weight of a part of a concatenation. */
const least = 0.1;

/**
 * g = V ∘ h_depth ∘ … ∘ h₁ of events `[C, H, W]` or `[D]`, with V (1x1) back to C channels and layers
 * that keep their input beside what they make of it:
 *
 *     h(x) = [η₁x; η₂φ(Wx + b)]/√(η₁² + η₂²),  η = softplus(k) + 0.1, k learned, 0 at first,
 *
 * W 3x3 for images. Lip(h) ≤ max(1, |W|₂), for φ has a Lipschitz constant of at most 1; so
 * Lip(g) ≤ |V|₂ ≤ c, however deep it is, as |W|₂ ≤ c < 1.
 *
 * @param options.activateInput whether x passes φ first
 * @see Perugachi-Diaz et al. 2021, https://arxiv.org/abs/2102.02694
 * @throws {LipschitzError} unless there is a bound c below 0.998, without which nothing bounds g.
 */
export function concatenatedBranch(
  scope: Scope,
  shape: Shape,
  { depth, growth }: ConcatenatedSizes,
  { condition = 0, ...options }: BranchOptions,
): Branch {
  const { c, activateInput } = options;
  if (typeof c !== "number") {
    throw new LipschitzError(
      `concatenatedBranch ${scope.path}: expected a bound c with 0 < c < 0.998 on each layer, got ${c ? c.norm : "none"}; set c`,
    );
  }
  const factor = channelsPer(options.activation);
  const make = (name: string): ((x: Tensor) => Tensor) =>
    activation(options.activation, scope.child(name));
  const first = activateInput ? make("activation0") : undefined;
  let channels = shape[0]! * (first ? factor : 1);
  const layers = Array.from({ length: depth }, (_, i) => {
    const linear = layerOf(scope.child(`layer${i + 1}`), shape, [channels, growth], 3, c);
    channels += growth * factor;
    const weights = scope.child(`layer${i + 1}`);
    return {
      linear,
      activate: make(`activation${i + 1}`),
      kept: weights.parameter("kept", [], zeros),
      made: weights.parameter("made", [], zeros),
    };
  });
  const last = layerOf(scope.child("last"), shape, [channels, shape[0]!], 1, c);
  const shift = new ConditionShift(scope.child("condition"), condition, growth);
  const apply = (x: Tensor, ctx: Context): Tensor => {
    let h = first ? first(x) : x;
    layers.forEach(({ linear, activate, kept, made }, i) => {
      const y = linear.apply(h, ctx);
      const [eta1, eta2] = [add(softplus(kept), least), add(softplus(made), least)];
      const length = sqrt(add(square(eta1), square(eta2)));
      const fresh = activate(i === 0 ? shift.apply(y, ctx) : y);
      h = concat([mul(h, div(eta1, length)), mul(fresh, div(eta2, length))], 1);
    });
    return last.apply(h, ctx);
  };
  return { norms: [last.norm], inner: layers.map(({ linear }) => linear.norm), apply };
}

/** A convolution for images, a matrix for vectors. */
function layerOf(
  scope: Scope,
  shape: Shape,
  [inChannels, outChannels]: readonly [number, number],
  kernel: number,
  c: number,
): LipschitzConv2d | LipschitzLinear {
  const [, height, width] = shape;
  return height !== undefined && width !== undefined
    ? new LipschitzConv2d(scope, { inChannels, outChannels, kernel, height, width }, c)
    : new LipschitzLinear(scope, inChannels, outChannels, c);
}
