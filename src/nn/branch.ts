import { expectParts } from "../border/parts.js";
import type { Tensor } from "../graph/index.js";
import { activation, channelsPer, type Activation } from "./activations.js";
import { ConditionShift } from "./condition-shift.js";
import type { Context } from "./context.js";
import { LipschitzConv2d, LipschitzLinear, type Layer } from "./linear.js";
import type { Scope } from "./scope.js";
import type { NormBound, SpectralNorm } from "./spectral-norm.js";

export interface BranchOptions {
  /** Name of an activation, see {@link registerActivation}. */
  readonly activation: string;
  /** Bound on each layer's norm; `undefined` for none. */
  readonly c: NormBound;
  /** Whether the input passes an activation first; not in a network's first block. */
  readonly activateInput: boolean;
  /**
   * Features K of the context's condition, none unless given. A free linear map of it is added to
   * the first layer's output. It doesn't depend on x, so Lip(g) in x is what it is without.
   */
  readonly condition?: number;
}

/** A residual branch g: normalised linear layers with activations of slope at most 1 between. */
export interface Branch extends Layer {
  /** Lip(g) is at most the product of these norms. */
  readonly norms: readonly SpectralNorm[];
  /** Norms of layers that keep their input beside their output: what one has above 1 multiplies the bound. */
  readonly inner?: readonly SpectralNorm[];
}

/**
 * g = 3x3 ∘ φ ∘ 1x1 ∘ φ ∘ 3x3 ∘ φ, channels C → hidden → hidden → C.
 *
 * @param scope where the weights are declared
 * @param shape of an event, `[C, H, W]`
 * @param hidden channels of the two inner layers
 * @param options only `condition` has a default
 * @throws {LipschitzError} unless 0 < c < 0.998, or c is a {@link FreeNorm} or `undefined`.
 */
export function convBranch(
  scope: Scope,
  shape: readonly [number, number, number],
  hidden: number,
  options: BranchOptions,
): Branch {
  expectParts("convBranch", { scope, shape, channels: hidden, options });
  const [channels, height, width] = shape;
  const conv = (index: number, before: number, outChannels: number, kernel: number) =>
    new LipschitzConv2d(
      scope.child(`conv${index + 1}`),
      { inChannels: before * expansion(options, index), outChannels, kernel, height, width },
      options.c,
    );
  return sequence(scope, options, [
    conv(0, channels, hidden, 3),
    conv(1, hidden, hidden, 1),
    conv(2, hidden, channels, 3),
  ]);
}

/**
 * g = linear ∘ φ ∘ … ∘ φ ∘ linear, features D → hidden… → D.
 *
 * @param scope where the weights are declared
 * @param features D of an event
 * @param hidden sizes of the inner layers
 * @param options only `condition` has a default
 * @throws {LipschitzError} unless 0 < c < 0.998, or c is a {@link FreeNorm} or `undefined`.
 */
export function denseBranch(
  scope: Scope,
  features: number,
  hidden: readonly number[],
  options: BranchOptions,
): Branch {
  expectParts("denseBranch", { scope, features, hidden, options });
  const sizes = [features, ...hidden, features];
  const layers = sizes
    .slice(1)
    .map(
      (size, i) =>
        new LipschitzLinear(
          scope.child(`linear${i + 1}`),
          sizes[i]! * expansion(options, i),
          size,
          options.c,
        ),
    );
  return sequence(scope, options, layers);
}

/** Channels that reach layer `index` for each that the one before it gave. */
function expansion({ activation, activateInput }: BranchOptions, index: number): number {
  return index === 0 && !activateInput ? 1 : channelsPer(activation);
}

function sequence(
  scope: Scope,
  { condition = 0, ...options }: BranchOptions,
  layers: readonly (LipschitzConv2d | LipschitzLinear)[],
): Branch {
  const activations = layers.map((_, i): Activation => {
    if (i === 0 && !options.activateInput) return (x) => x;
    return activation(options.activation, scope.child(`activation${i + 1}`));
  });
  const shift = new ConditionShift(scope.child("condition"), condition, layers[0]!.outChannels);
  return {
    norms: layers.map((layer) => layer.norm),
    apply: (x: Tensor, ctx: Context) =>
      layers.reduce((h, layer, i) => {
        const y = layer.apply(activations[i]!(h), ctx);
        return i === 0 ? shift.apply(y, ctx) : y;
      }, x),
  };
}
