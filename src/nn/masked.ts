import { expectParts } from "../border/parts.js";
import { UsageError } from "../errors.js";
import {
  abs,
  add,
  axisSize,
  concat,
  constant,
  greater,
  literal,
  loop,
  matmul,
  maximum,
  minimum,
  mul,
  relu,
  reshape,
  sub,
  sumAll,
  tanh,
  type Tensor,
} from "../graph/index.js";
import { ConditionShift } from "./condition-shift.js";
import type { Context } from "./context.js";
import type { Layer } from "./linear.js";
import { uniform, type Scope } from "./scope.js";

/** A network whose outputs each depend on the features before theirs. */
export interface MaskedOptions {
  /** Sizes of the hidden layers. */
  readonly hidden: readonly number[];
  /** Numbers for each feature. */
  readonly outputs: number;
  /** Features K of the context's condition, on which every output depends; 0 for none. */
  readonly condition: number;
  /** Whether the order goes from the last feature to the first. */
  readonly reversed: boolean;
}

/**
 * MADE: a dense network with ReLU whose outputs for feature d depend on the features before d alone.
 *
 * Feature d has degree d, or D + 1 − d if reversed; a condition has degree 0. A hidden unit sees
 * units of at most its degree, an output those of a smaller one. The degrees of a hidden layer are
 * spread evenly over those that inform an output, so that a layer narrower than D misses none for
 * long. A free linear map of the condition is added to the outputs, so that it reaches those, too,
 * to which narrow layers leave no way.
 *
 * @see Germain et al. 2015, sections 3 and 4.1, https://arxiv.org/abs/1502.03509
 */
export class MaskedNetwork implements Layer {
  readonly #path: string;
  readonly #condition: number;
  readonly #outShape: readonly [outputs: number, features: number];
  readonly #layers: readonly MaskedLinear[];
  readonly #direct: ConditionShift;

  /**
   * @param scope where its weights are declared
   * @param features D of an event
   * @param options no field has a default
   */
  constructor(scope: Scope, features: number, options: MaskedOptions) {
    expectParts("MaskedNetwork", { scope, features, options });
    const { hidden, outputs, condition, reversed } = options;
    expectParts("MaskedNetwork", { hidden, outputs, condition });
    this.#path = scope.path;
    this.#condition = condition;
    this.#outShape = [outputs, features];
    const order = featureDegrees(features, reversed);
    const least = condition > 0 ? 0 : 1;
    const degrees = [
      [...order, ...Array.from({ length: condition }, () => 0)],
      ...hidden.map((size) => hiddenDegrees(size, features, least)),
    ];
    const last = Array.from({ length: outputs }, () => order).flat();
    this.#layers = [...degrees.slice(1), last].map(
      (to, i) =>
        new MaskedLinear(
          scope.child(`linear${i + 1}`),
          maskOf(degrees[i]!, to, { strict: i === hidden.length }),
        ),
    );
    this.#direct = new ConditionShift(scope.child("condition"), condition, last.length);
  }

  /**
   * `[B, D]` to `[B, outputs, D]`.
   * @throws {UsageError} if the network needs a condition and `ctx` has none.
   * @throws {ShapeError} if x isn't `[B, D]`.
   */
  apply(x: Tensor, ctx: Context): Tensor {
    const where = `MaskedNetwork ${this.#path}`;
    const start =
      this.#condition > 0 ? concat([x, ctx.expectCondition(this.#condition, where)], 1) : x;
    const y = this.#layers.reduce((h, layer, i) => layer.apply(i === 0 ? h : relu(h)), start);
    return reshape(this.#direct.apply(y, ctx), [axisSize(x, 0), ...this.#outShape]);
  }
}

/** y = x(M ⊙ W)ᵀ + b, `[B, I]` to `[B, O]`, M the mask. */
class MaskedLinear {
  readonly #weight: Tensor;
  readonly #bias: Tensor;
  readonly #mask: Tensor;

  constructor(scope: Scope, mask: Tensor) {
    const bound = uniform(1 / Math.sqrt(axisSize(mask, 1)));
    this.#weight = scope.parameter("weight", mask.shape, bound, { decay: true });
    this.#bias = scope.parameter("bias", [axisSize(mask, 0)], bound);
    this.#mask = mask;
  }

  apply(x: Tensor): Tensor {
    return add(matmul(x, mul(this.#weight, this.#mask), { transposeB: true }), this.#bias);
  }
}

/** 1 … D in the order of the features, or D … 1. */
export function featureDegrees(features: number, reversed: boolean): number[] {
  return Array.from({ length: features }, (_, i) => (reversed ? features - i : i + 1));
}

/** Degrees from `least` to D − 1, or 1 if there are none, each equally often as far as possible. */
export function hiddenDegrees(size: number, features: number, least: 0 | 1): number[] {
  return Array.from(
    { length: size },
    (_, unit) => least + Math.floor((unit * (features - least)) / size),
  );
}

/**
 * `[to, from]`: 1 where a unit may see another, whose degree is at most its own, or smaller if
 * `strict`; else 0.
 */
export function maskOf(
  from: readonly number[],
  to: readonly number[],
  { strict }: { readonly strict: boolean },
): Tensor {
  const row = literal(from, [1, from.length]);
  const column = literal(to, [to.length, 1]);
  return strict ? greater(column, row) : sub(1, greater(row, column));
}

/**
 * For what makes one Gaussian of each conditional.
 * @throws {UsageError} if a network of so many features has no input: the only conditional is one
 *   Gaussian, whatever the data.
 */
export function expectInformed(where: string, features: number, condition: number): void {
  if (features > 1 || condition > 0) return;
  throw new UsageError(
    `${where}: expected at least 2 features or a condition, got 1 feature alone, whose density would stay a single Gaussian; use i-ResNet, Residual Flow, FFJORD, or MADE with several components`,
  );
}

/** Bounds a log-scale softly to ±7, where a free one may overflow. */
export function boundedLogScale(a: Tensor): Tensor {
  return mul(tanh(mul(a, 1 / 7)), 7);
}

/** Iterates are kept within ±this: what comes before its turn may be anything. */
const largest = 1e6;

export interface TriangularSolution {
  readonly value: Tensor;
  /** f(value) − value: 0 where it is exact. */
  readonly step: Tensor;
}

/**
 * Solves x = f(x), `[B, D]`, for an f whose every feature depends on those before it alone, in some
 * order. Each turn of x ← f(x) makes one more feature exact, so D turns do, and fewer once nothing
 * changes any more. What isn't a number keeps nobody from his turns, and a value beyond ±10⁶ leaves
 * a step.
 *
 * @see Song et al. 2021, proposition 1, https://arxiv.org/abs/2002.03629
 */
export function solveTriangular(start: Tensor, f: (x: Tensor) => Tensor): TriangularSolution {
  const { x } = loop(
    { x: start, change: constant(1, start.shape) },
    {
      next: ({ x }) => {
        const next = minimum(maximum(f(x), -largest), largest);
        return { x: next, change: sub(next, x) };
      },
      goOn: ({ change }) => sumAll(greater(abs(change), 0)),
      steps: axisSize(start, 1),
    },
  );
  return { value: x, step: sub(f(x), x) };
}
