import { ShapeError } from "../errors.js";
import {
  axisSize,
  concat,
  div,
  elu,
  maximum,
  minimum,
  mul,
  relu,
  sigmoid,
  slice,
  softplus,
  type Tensor,
} from "../graph/index.js";
import { cLipSwish } from "./c-lip-swish.js";
import type { Scope } from "./scope.js";
import { sinePairs } from "./sine-pairs.js";

/** Activations with a Lipschitz constant of at most 1. */
export const activationNames = [
  "elu",
  "softplus",
  "relu",
  "lipswish",
  "maxmin",
  "clipswish",
  "sine",
] as const;

export type ActivationName = (typeof activationNames)[number];

export type Activation = (x: Tensor) => Tensor;

/** How many channels an activation makes of each. */
export const channelsPer: Readonly<Record<ActivationName, number>> = {
  elu: 1,
  softplus: 1,
  relu: 1,
  lipswish: 1,
  maxmin: 1,
  clipswish: 2,
  sine: 2,
};

/** An activation by name; those with parameters declare them in `scope`. */
export function activation(name: ActivationName, scope: Scope): Activation {
  switch (name) {
    case "elu":
      return (x) => elu(x);
    case "softplus":
      return softplus;
    case "relu":
      return relu;
    case "lipswish":
      return lipSwish(scope);
    case "maxmin":
      return maxMin;
    case "clipswish":
      return cLipSwish(scope);
    case "sine":
      return sinePairs(scope);
  }
}

/**
 * The activation LipSwish: x·σ(βx)/1.1 with β = softplus(b) learned; 1.1 bounds its slope for every β.
 * @see Chen et al. 2019, section 3.3, https://arxiv.org/abs/1906.02735
 */
function lipSwish(scope: Scope): Activation {
  const b = scope.parameter("lipswish.b", [], () => [0.5]);
  return (x) => div(mul(x, sigmoid(mul(x, softplus(b)))), 1.1);
}

/**
 * Sorts pairs of channels, keeping every norm of the gradient.
 * @see Anil et al. 2019, section 4.1, https://arxiv.org/abs/1811.05381
 */
function maxMin(x: Tensor): Tensor {
  const channels = axisSize(x, 1);
  if (channels % 2 !== 0) {
    throw new ShapeError(`maxmin: expected an even number of channels, got shape [${x.shape}]`);
  }
  const a = slice(x, 1, 0, channels / 2);
  const b = slice(x, 1, channels / 2, channels);
  return concat([maximum(a, b), minimum(a, b)], 1);
}
