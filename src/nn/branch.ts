import { add, axisSize, broadcast, matmul, reshape, type Tensor } from "../graph/index.js";
import { activation, type Activation, type ActivationName } from "./activations.js";
import type { Context } from "./context.js";
import { LipschitzConv2d, LipschitzLinear, type Layer } from "./linear.js";
import { uniform, type Scope } from "./scope.js";
import type { SpectralNorm } from "./spectral-norm.js";

export interface BranchOptions {
  readonly activation: ActivationName;
  /** Bound on each layer's norm; `undefined` for none. */
  readonly c: number | undefined;
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
}

/** g = 3x3 ∘ φ ∘ 1x1 ∘ φ ∘ 3x3 ∘ φ, channels C → width → width → C. */
export function convBranch(
  scope: Scope,
  [channels, height, width]: readonly [number, number, number],
  hidden: number,
  options: BranchOptions,
): Branch {
  const conv = (name: string, inChannels: number, outChannels: number, kernel: number) =>
    new LipschitzConv2d(
      scope.child(name),
      { inChannels, outChannels, kernel, height, width },
      options.c,
    );
  return sequence(scope, options, [
    conv("conv1", channels, hidden, 3),
    conv("conv2", hidden, hidden, 1),
    conv("conv3", hidden, channels, 3),
  ]);
}

/** g = linear ∘ φ ∘ … ∘ φ ∘ linear, features D → hidden… → D. */
export function denseBranch(
  scope: Scope,
  features: number,
  hidden: readonly number[],
  options: BranchOptions,
): Branch {
  const sizes = [features, ...hidden, features];
  const layers = sizes
    .slice(1)
    .map(
      (size, i) => new LipschitzLinear(scope.child(`linear${i + 1}`), sizes[i]!, size, options.c),
    );
  return sequence(scope, options, layers);
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
  const conditioned = condition > 0 ? addCondition(scope, condition, layers[0]!) : undefined;
  return {
    norms: layers.map((layer) => layer.norm),
    apply: (x: Tensor, ctx: Context) =>
      layers.reduce((h, layer, i) => {
        const y = layer.apply(activations[i]!(h), ctx);
        return i === 0 && conditioned ? conditioned(y, ctx) : y;
      }, x),
  };
}

/**
 * y + Wc per channel (or feature), W free. A y of m rows for each one of the condition, as an exact
 * Jacobian needs, takes each row m times in a row.
 */
function addCondition(
  scope: Scope,
  features: number,
  { outChannels }: LipschitzConv2d | LipschitzLinear,
): (y: Tensor, ctx: Context) => Tensor {
  const bound = uniform(1 / Math.sqrt(features));
  const weight = scope.parameter("condition.weight", [outChannels, features], bound, {
    decay: true,
  });
  return (y, ctx) => {
    const condition = ctx.expectCondition(features, `residual branch ${scope.path}`);
    const shift = matmul(condition, weight, { transposeB: true });
    const [batch, rows] = [axisSize(shift, 0), axisSize(y, 0)];
    const repeated = broadcast(reshape(shift, [batch, 1, outChannels]), [
      batch,
      rows / batch,
      outChannels,
    ]);
    return add(y, reshape(repeated, [rows, outChannels, ...y.shape.slice(2).map(() => 1)]));
  };
}
