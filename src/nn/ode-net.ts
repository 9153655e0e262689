import { expectOneOf } from "../border/options.js";
import { expectParts } from "../border/parts.js";
import {
  add,
  axisSize,
  broadcast,
  concat,
  conv2d,
  matmul,
  mul,
  reshape,
  sigmoid,
  softplus,
  tanh,
  type Tensor,
} from "../graph/index.js";
import type { Shape } from "../tree.js";
import { uniform, type Scope } from "./scope.js";

/** A velocity field dz/dt = f(z, t), whose Jacobian a continuous flow integrates. */
export interface Dynamics {
  /** Every variable that f depends on. */
  readonly parameters: readonly Tensor[];
  /** Elements K of the condition, 0 for none. */
  readonly condition: number;
  /**
   * f(z, t) in the shape of z, `[B, ...]`, for a time t of each event, `[B]`, or one of all, `[1]`,
   * and, if K > 0, a condition `[B, K]`.
   * @throws {ShapeError} if z, t or the condition has another shape.
   */
  velocity(z: Tensor, t: Tensor, condition: Tensor | undefined): Tensor;
}

/** Activations of {@link odeNet}: smooth, as an adaptive solver of high order needs. */
export const odeActivationNames = ["softplus", "tanh"] as const;

export type OdeActivationName = (typeof odeActivationNames)[number];

export interface OdeNetOptions {
  /** Sizes of the hidden layers: features of vectors, channels of images. */
  readonly widths: readonly number[];
  readonly activation: OdeActivationName;
  /** Elements K of the condition, 0 for none. */
  readonly condition: number;
}

/**
 * A network of `ConcatSquash` layers with activations between: linear ones for events `[D]`,
 * 3x3 convolutions for images `[C, H, W]`.
 *
 * @param scope where the layers' weights are declared
 * @param shape of an event z
 * @param options no field has a default
 * @see Grathwohl et al. 2019, section B.1, https://arxiv.org/abs/1810.01367
 */
export function odeNet(scope: Scope, shape: Shape, options: OdeNetOptions): Dynamics {
  expectParts("odeNet", { scope, shape, options });
  expectParts("odeNet", { widths: options.widths, condition: options.condition });
  expectOneOf(options.activation, odeActivationNames, "odeNet: activation");
  const activation = { softplus, tanh }[options.activation];
  const sizes = [shape[0]!, ...options.widths, shape[0]!];
  const layers = sizes.slice(1).map(
    (out, i) =>
      new ConcatSquash(scope.child(`layer${i + 1}`), sizes[i]!, out, {
        isImage: shape.length === 3,
        context: 1 + options.condition,
      }),
  );
  return {
    parameters: layers.flatMap((layer) => layer.parameters),
    condition: options.condition,
    velocity: (z, t, condition) => {
      const time = reshape(t, [axisSize(t, 0), 1]);
      const context = condition
        ? concat([broadcast(time, [axisSize(condition, 0), 1]), condition], 1)
        : time;
      return layers.reduce((h, layer, i) => layer.apply(i === 0 ? h : activation(h), context), z);
    },
  };
}

/**
 * y = (Wx + b)·σ(Ut + a) + Vt, t the time and the condition beside it: a layer whose gain and shift
 * depend on the time.
 *
 * @see Grathwohl et al. 2019, section B.1, https://arxiv.org/abs/1810.01367
 */
class ConcatSquash {
  readonly parameters: readonly Tensor[];
  readonly #weight: Tensor;
  readonly #bias: Tensor;
  readonly #gateWeight: Tensor;
  readonly #gateBias: Tensor;
  readonly #shiftWeight: Tensor;
  readonly #isImage: boolean;

  constructor(
    scope: Scope,
    inSize: number,
    outSize: number,
    { isImage, context }: { readonly isImage: boolean; readonly context: number },
  ) {
    this.#isImage = isImage;
    const shape = isImage ? [outSize, inSize, 3, 3] : [outSize, inSize];
    const bound = uniform(1 / Math.sqrt(isImage ? 9 * inSize : inSize));
    const ofContext = uniform(1 / Math.sqrt(context));
    const decay = { decay: true };
    this.#weight = scope.parameter("weight", shape, bound, decay);
    this.#bias = scope.parameter("bias", [outSize], bound);
    this.#gateWeight = scope.parameter("gate.weight", [outSize, context], ofContext, decay);
    this.#gateBias = scope.parameter("gate.bias", [outSize], ofContext);
    this.#shiftWeight = scope.parameter("shift.weight", [outSize, context], ofContext, decay);
    this.parameters = [
      this.#weight,
      this.#bias,
      this.#gateWeight,
      this.#gateBias,
      this.#shiftWeight,
    ];
  }

  /** `[B, I]` or `[B, I, H, W]`, and a context `[B or 1, T]`, to `[B, O]` or `[B, O, H, W]`. */
  apply(x: Tensor, context: Tensor): Tensor {
    const linear = this.#isImage
      ? conv2d(x, this.#weight)
      : matmul(x, this.#weight, { transposeB: true });
    const perChannel = (features: Tensor): Tensor =>
      this.#isImage ? reshape(features, [...features.shape, 1, 1]) : features;
    const ofContext = (weight: Tensor): Tensor => matmul(context, weight, { transposeB: true });
    const bias = reshape(this.#bias, [1, axisSize(this.#bias, 0)]);
    const gate = sigmoid(add(ofContext(this.#gateWeight), this.#gateBias));
    const shift = ofContext(this.#shiftWeight);
    return add(mul(add(linear, perChannel(bias)), perChannel(gate)), perChannel(shift));
  }
}
