import { expectOneOf } from "../border/options.js";
import { expectParts } from "../border/parts.js";
import {
  add,
  axisSize,
  constant,
  div,
  exp,
  expectEvent,
  mul,
  neg,
  slice,
  softplus,
  sub,
  sumEvent,
  tanh,
  type Tensor,
} from "../graph/index.js";
import {
  ones,
  perChannel,
  type Context,
  type Layer,
  type NetworkMaker,
  type Scope,
} from "../nn/index.js";
import type { Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";
import type { Mask } from "./mask.js";

/**
 * A coupling changes an element x by one of these, with h and t from its network:
 * - `additive`: x + t;
 * - `tanh`: x·e^{a·tanh h} + t, with a learned per channel, 1 at first;
 * - `sigmoid`: x·σ(h + 2) + t.
 */
export type CouplingTransform = (typeof couplingTransforms)[number];

const couplingTransforms = ["additive", "tanh", "sigmoid"] as const;

export interface CouplingOptions {
  /** Which elements are kept: {@link halvesMask} or {@link checkerboardMask}. */
  readonly mask: Mask;
  readonly transform: CouplingTransform;
  /** From the kept elements to the numbers that change the others. */
  readonly network: NetworkMaker;
}

/** The map of the changed elements, x ↦ x·e^logScale + shift, each `[B, changedChannels, ...]`. */
interface Affine {
  /** Absent where the scale is 1. */
  readonly logScale?: Tensor;
  readonly shift: Tensor;
}

/**
 * Keeps some elements and changes each of the others by an affine map that a network makes of the
 * kept ones: y = x·e^s + t, with s = t = 0 where x is kept. logDet = Σs, exactly, and the inverse
 * x = (y − t)·e^{−s} needs the same network forward, for it sees what is kept.
 *
 * @see Dinh et al. 2015, section 3.2, https://arxiv.org/abs/1410.8516 (additive)
 * @see Dinh et al. 2017, section 3.2, https://arxiv.org/abs/1605.08803 (tanh)
 * @see Kingma and Dhariwal 2018, section 3.3, https://arxiv.org/abs/1807.03039 (sigmoid)
 */
export class Coupling implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #path: string;
  readonly #mask: Mask;
  readonly #network: Layer;
  readonly #affine: (h: Tensor) => Affine;

  /**
   * @param scope where the network's weights are declared, and a of `tanh`
   * @param options no field has a default; the mask says the shape
   */
  constructor(scope: Scope, options: CouplingOptions) {
    expectParts("Coupling", { scope, options });
    const { mask, transform, network } = options;
    expectParts("Coupling", { mask, network });
    expectOneOf(transform, couplingTransforms, "Coupling: transform");
    this.inShape = mask.shape;
    this.outShape = mask.shape;
    this.#path = scope.path;
    this.#mask = mask;
    const { keptChannels, changedChannels } = mask;
    const outputs = transform === "additive" ? changedChannels : 2 * changedChannels;
    this.#network = network(scope.child("network"), keptChannels, outputs);
    this.#affine = affineOf(transform, scope, changedChannels);
  }

  forward(x: Tensor, ctx: Context): Mapped {
    expectEvent(x, this.inShape, `Coupling ${this.#path}: x`);
    const { logScale, shift } = this.#placed(x, ctx);
    const value = add(logScale ? mul(x, exp(logScale)) : x, shift);
    ctx.watch(this.#path, value);
    return mapped(value, () => logDetOf(logScale, x));
  }

  inverse(y: Tensor, ctx: Context): Mapped {
    expectEvent(y, this.outShape, `Coupling ${this.#path}: y`);
    const { logScale, shift } = this.#placed(y, ctx);
    const shifted = sub(y, shift);
    const value = logScale ? div(shifted, exp(logScale)) : shifted;
    return mapped(value, () => neg(logDetOf(logScale, y)));
  }

  /** s and t of every element, from the kept ones. */
  #placed(x: Tensor, ctx: Context): Affine {
    const mask = this.#mask;
    const { logScale, shift } = this.#affine(this.#network.apply(mask.kept(x), ctx));
    return { shift: mask.place(shift), ...(logScale && { logScale: mask.place(logScale) }) };
  }
}

function affineOf(
  transform: CouplingTransform,
  scope: Scope,
  channels: number,
): (h: Tensor) => Affine {
  const first = (h: Tensor): Tensor => slice(h, 1, 0, channels);
  const second = (h: Tensor): Tensor => slice(h, 1, channels, 2 * channels);
  switch (transform) {
    case "additive":
      return (shift) => ({ shift });
    case "tanh": {
      const a = scope.parameter("scale", [channels], ones);
      return (h) => ({
        logScale: mul(tanh(first(h)), perChannel(a, h.shape.length)),
        shift: second(h),
      });
    }
    case "sigmoid":
      // ln σ(h + 2) = −softplus(−h − 2)
      return (h) => ({ logScale: neg(softplus(sub(-2, first(h)))), shift: second(h) });
  }
}

function logDetOf(logScale: Tensor | undefined, x: Tensor): Tensor {
  return logScale ? sumEvent(logScale) : constant(0, [axisSize(x, 0)]);
}
