import { expectWhole, ranges } from "../border/ranges.js";
import { expectParts } from "../border/parts.js";
import { add, relu, type Tensor } from "../graph/index.js";
import { BatchNorm } from "./batch-norm.js";
import { ConditionShift } from "./condition-shift.js";
import type { Context } from "./context.js";
import { Conv2d, WeightNormConv2d } from "./conv2d.js";
import { Linear, type Layer } from "./linear.js";
import { zeros, type Scope } from "./scope.js";
import { ZeroLayer } from "./zero-layer.js";

/** Makes a network from `[B, inChannels, ...]` to `[B, outChannels, ...]`. */
export type NetworkMaker = (scope: Scope, inChannels: number, outChannels: number) => Layer;

interface NetworkOptions {
  /** Features K of the context's condition; 0 for none. */
  readonly condition: number;
}

export interface DenseNetworkOptions extends NetworkOptions {
  /** Sizes of the hidden layers. */
  readonly hidden: readonly number[];
  /** Whether the last layer is a {@link ZeroLayer}. */
  readonly startsAtZero: boolean;
}

/**
 * Linear layers with ReLU between, `[B, I]` to `[B, O]`.
 *
 * @param options
 *   - `hidden`: sizes of the hidden layers
 *   - `condition`: features K of the context's condition; 0 for none
 *   - `startsAtZero`: whether the last layer is a {@link ZeroLayer}
 */
export function denseNetwork(options: DenseNetworkOptions): NetworkMaker {
  expectParts("denseNetwork", { options });
  const { hidden, condition, startsAtZero } = options;
  expectParts("denseNetwork", { hidden, condition });
  return (scope, inChannels, outChannels) => {
    const sizes = [inChannels, ...hidden, outChannels];
    const layers = sizes.slice(1).map((size, i): Layer => {
      const at = scope.child(`linear${i + 1}`);
      const Last = startsAtZero && i === hidden.length ? ZeroLayer : Linear;
      return new Last(at, sizes[i]!, size);
    });
    const shift = new ConditionShift(scope.child("condition"), condition, sizes[1]!);
    return sequence([layers[0]!, shift, ...layers.slice(1).flatMap((layer) => [rectify, layer])]);
  };
}

export interface ConvNetworkOptions extends NetworkOptions {
  /** Channels of the two hidden layers. */
  readonly hidden: number;
}

/**
 * Convolutions 3x3, 1x1 and 3x3 with ReLU between, the last a {@link ZeroLayer}, `[B, I, H, W]` to
 * `[B, O, H, W]`.
 *
 * @param options
 *   - `hidden`: channels of the two hidden layers
 *   - `condition`: features K of the context's condition; 0 for none
 * @see Kingma and Dhariwal 2018, section 5, https://arxiv.org/abs/1807.03039
 */
export function convNetwork(options: ConvNetworkOptions): NetworkMaker {
  expectParts("convNetwork", { options });
  const { hidden, condition } = options;
  expectParts("convNetwork", { channels: hidden, condition });
  return (scope, inChannels, outChannels) =>
    sequence([
      new Conv2d(scope.child("conv1"), { inChannels, outChannels: hidden, kernel: 3 }),
      new ConditionShift(scope.child("condition"), condition, hidden),
      rectify,
      new Conv2d(scope.child("conv2"), { inChannels: hidden, outChannels: hidden, kernel: 1 }),
      rectify,
      new ZeroLayer(scope.child("conv3"), hidden, outChannels, 3),
    ]);
}

export interface ResidualNetworkOptions extends ConvNetworkOptions {
  readonly blocks: number;
}

/**
 * A 3x3 convolution, residual blocks h + conv(φ(conv(φ(h)))) with 3x3 kernels, and a 1x1
 * convolution after a last φ, which is batch normalisation and ReLU; `[B, I, H, W]` to
 * `[B, O, H, W]`. All convolutions are weight-normalised, the last with lengths of 0 at first, so
 * that the network starts as 0.
 *
 * @param options
 *   - `hidden`: channels of all but the last layer
 *   - `blocks`: residual blocks
 *   - `condition`: features K of the context's condition; 0 for none
 * @see Dinh et al. 2017, section 4.1, https://arxiv.org/abs/1605.08803
 */
export function residualNetwork(options: ResidualNetworkOptions): NetworkMaker {
  expectParts("residualNetwork", { options });
  const { hidden, condition, blocks } = options;
  expectParts("residualNetwork", { channels: hidden, condition });
  expectWhole(blocks, ranges.depth, "residualNetwork: blocks");
  return (scope, inChannels, outChannels) => {
    const inner = { inChannels: hidden, outChannels: hidden, kernel: 3 };
    const residuals = Array.from({ length: blocks }, (_, i): Layer => {
      const at = scope.child("blocks").child(i);
      const branch = sequence([
        new BatchNorm(at.child("norm1"), hidden),
        rectify,
        new WeightNormConv2d(at.child("conv1"), inner),
        new BatchNorm(at.child("norm2"), hidden),
        rectify,
        new WeightNormConv2d(at.child("conv2"), inner),
      ]);
      return { apply: (h, ctx) => add(h, branch.apply(h, ctx)) };
    });
    return sequence([
      new WeightNormConv2d(scope.child("first"), { inChannels, outChannels: hidden, kernel: 3 }),
      new ConditionShift(scope.child("condition"), condition, hidden),
      ...residuals,
      new BatchNorm(scope.child("norm"), hidden),
      rectify,
      new WeightNormConv2d(
        scope.child("last"),
        { inChannels: hidden, outChannels, kernel: 1 },
        zeros,
      ),
    ]);
  };
}

const rectify: Layer = { apply: relu };

function sequence(layers: readonly Layer[]): Layer {
  return { apply: (x: Tensor, ctx: Context) => layers.reduce((h, l) => l.apply(h, ctx), x) };
}
