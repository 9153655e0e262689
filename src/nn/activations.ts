import { expectParts } from "../border/parts.js";
import { expectKind } from "../border/kinds.js";
import { expectNew, expectOneOf } from "../border/options.js";
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

/** A function of a tensor, element by element or over channels, whose slope is at most 1. */
export type Activation = (x: Tensor) => Tensor;

/** Makes an activation; one with parameters declares them in `scope`. */
export type ActivationMaker = (scope: Scope) => Activation;

interface Known {
  readonly make: ActivationMaker;
  readonly channels: number;
}

const makers = new Map<string, Known>([
  ["elu", { make: () => (x) => elu(x), channels: 1 }],
  ["softplus", { make: () => softplus, channels: 1 }],
  ["relu", { make: () => relu, channels: 1 }],
  ["lipswish", { make: lipSwish, channels: 1 }],
  ["maxmin", { make: () => maxMin, channels: 1 }],
  ["clipswish", { make: cLipSwish, channels: 2 }],
  ["sine", { make: sinePairs, channels: 2 }],
]);

/** Names of the activations there are: those of this package first. */
export function activationNames(): readonly string[] {
  return [...makers.keys()];
}

/**
 * Adds an activation, which configurations can name from then on. A checkpoint of a model that uses
 * it opens wherever it has been registered.
 *
 * @param name kept in configurations
 * @param make called once for each place in a network, with a scope of its own. What it gives must
 *   have a Lipschitz constant of at most 1, whatever its parameters: blocks are invertible by it.
 * @param options
 *   - `channels`: how many channels (or features) it makes of each; 1 unless given
 * @throws {UsageError} if another activation has this name.
 */
export function registerActivation(
  name: string,
  make: ActivationMaker,
  { channels = 1 }: { readonly channels?: number } = {},
): void {
  expectKind(name, "text", "registerActivation: name");
  expectKind(make, "function", "registerActivation: make");
  expectParts("registerActivation", { channels });
  const known = makers.get(name);
  if (known !== undefined && (known.make !== make || known.channels !== channels)) {
    expectNew(name, activationNames(), "registerActivation");
  }
  makers.set(name, { make, channels });
}

/**
 * An activation by name; those with parameters declare them in `scope`.
 * @throws {UsageError} if there is none of this name, naming the nearest.
 */
export function activation(name: string, scope: Scope): Activation {
  return find(name).make(scope);
}

/**
 * How many channels an activation makes of each.
 * @throws {UsageError} if there is none of this name, naming the nearest.
 */
export function channelsPer(name: string): number {
  return find(name).channels;
}

function find(name: string): Known {
  return makers.get(expectOneOf(name, activationNames(), "activation"))!;
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
