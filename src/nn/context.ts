import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import { expectParts } from "../border/parts.js";
import { UsageError } from "../errors.js";
import {
  add,
  expectEvent,
  expectTensor,
  input,
  mul,
  sub,
  type Input,
  type Tensor,
} from "../graph/index.js";
import type { NoiseKind } from "../random.js";
import type { Shape } from "../tree.js";

/** How the log-determinant of x ↦ x + g(x) is obtained. */
export interface LogDetEstimator {
  /**
   * @param gx g(x), already traced
   * @returns ln|det(I + J_g)| or an estimate of it, in nats, `[B]`
   */
  (g: (x: Tensor) => Tensor, x: Tensor, gx: Tensor, ctx: Context): Tensor;
  /** The sum of those of several maps of events of one size, where that takes fewer operations. */
  readonly sum?: (maps: readonly ResidualMap[]) => Tensor;
}

/** x ↦ x + g(x) at a batch. */
export interface ResidualMap {
  readonly g: (x: Tensor) => Tensor;
  readonly x: Tensor;
}

const phases = ["train", "initialise", "settle", "infer"] as const;

export type Phase = (typeof phases)[number];

const optionNames = [
  "phase",
  "powerIterations",
  "logDet",
  "inverse",
  "condition",
  "labelSmoothing",
  "step",
] as const satisfies readonly (keyof ContextOptions)[];

export interface ContextOptions {
  /**
   * `initialise` lets layers set themselves from the batch that passes; `settle` is training in which
   * running statistics become the batch's own.
   */
  readonly phase: Phase;
  /** Power iterations on each weight in this run; 0 takes the stored vectors as they are. */
  readonly powerIterations?: number;
  /** Needed where the log-determinant of a residual block or a continuous flow is used; none unless given. */
  readonly logDet?: LogDetEstimator;
  /** Limits of the iterative inverse of a block, by its path; `inverseDefaults` unless given. */
  readonly inverse?: (path: string) => InverseOptions;
  /** The model's condition, `[B, K]`; none unless given. */
  readonly condition?: Tensor | undefined;
  /** Share of a label's weight that classifiers spread over all classes; 0 unless given. */
  readonly labelSmoothing?: number;
  /**
   * Width of the uniform noise [0, step) that makes whole numbers of x real: the scalar 1 for
   * pixels, `[1, D]` for vectors with whole-number columns, 0 for the real ones among them, or `[B, D]`
   * where cells differ. None if it isn't given.
   */
  readonly step?: Tensor | undefined;
}

export interface InverseOptions {
  /** Most fixed-point iterations. */
  readonly steps: Tensor | number;
  /** Stop once each event's step is at most this times 1 + |y|₂ in length. */
  readonly tolerance: Tensor | number;
}

/** Limits of an iterative inverse where nothing is known of the block: float32's. */
export const inverseDefaults = { steps: 500, tolerance: 1e-7 } as const;

/**
 * One tracing of a model: what it is traced for, and what it wants from the run beside its
 * result: noise, new values of variables, tensors to watch.
 */
export class Context {
  readonly phase: Phase;
  /** Width of the noise that makes whole numbers real; none where there are none. */
  readonly step: Tensor | undefined;
  readonly powerIterations: number;
  readonly inverse: (path: string) => InverseOptions;
  readonly labelSmoothing: number;
  readonly noises: Record<string, NoiseKind> = {};
  readonly updates: Record<string, Tensor> = {};
  readonly watched: Record<string, Tensor> = {};
  /** The model's condition, `[B, K]`; an objective sets it from its batch. */
  condition: Tensor | undefined;
  readonly #logDet: LogDetEstimator | undefined;
  readonly #memo = new Map<object, unknown>();

  /** @param options only `phase` has to be given */
  constructor(options: ContextOptions) {
    expectKind(options, "object", "Context: options");
    expectOptions(options, optionNames, "Context");
    expectOneOf(options.phase, phases, "Context: phase");
    this.phase = options.phase;
    this.powerIterations = options.powerIterations ?? 0;
    this.inverse = options.inverse ?? (() => inverseDefaults);
    this.condition = options.condition;
    this.labelSmoothing = options.labelSmoothing ?? 0;
    this.step = options.step;
    this.#logDet = options.logDet;
  }

  /** Whether log-determinants may be asked for: see {@link Context.logDet}. */
  get hasLogDet(): boolean {
    return this.#logDet !== undefined;
  }

  /** @throws {UsageError} if this context was made without an estimator. */
  get logDet(): LogDetEstimator {
    if (!this.#logDet) {
      throw new UsageError(
        "Context.logDet: a residual block's log-determinant needs an estimator; pass `logDet`",
      );
    }
    return this.#logDet;
  }

  /**
   * The condition, for a module at `where` that needs one.
   * @throws {UsageError} if there is none.
   * @throws {ShapeError} if it isn't `[B, features]`.
   */
  expectCondition(features: number, where: string): Tensor {
    if (!this.condition) {
      throw new UsageError(
        `${where}: expected a condition of shape [B, ${features}], got none; pass \`condition\``,
      );
    }
    expectEvent(this.condition, [features], `${where}: condition`);
    return this.condition;
  }

  /** A tensor of fresh noise: an input of the graph, so that a run replays. */
  noise(kind: NoiseKind, shape: Shape): Tensor {
    const name = `noise.${Object.keys(this.noises).length}`;
    this.noises[name] = kind;
    return input(name, shape);
  }

  /** The variable takes this value once the run is over. */
  update(variable: Input, value: Tensor): void {
    this.updates[variable.attributes.name] = value;
  }

  /** Names a tensor for diagnosis. */
  watch(name: string, value: Tensor): void {
    this.watched[name] = value;
  }

  /** The result of `make`, which is called once per context and key. */
  once<T>(key: object, make: () => T): T {
    if (!this.#memo.has(key)) this.#memo.set(key, make());
    return this.#memo.get(key) as T;
  }
}

/** x + u·step with u uniform on [0, 1): whole numbers as real ones. Real numbers stay as they are. */
export function dequantised(x: Tensor, ctx: Context): Tensor {
  const { step } = expectPass(x, ctx, "dequantised");
  return step ? add(x, mul(ctx.noise("uniform", x.shape), step)) : x;
}

/** x + step/2, the middle of what {@link dequantised} makes of it. */
export function centred(x: Tensor, ctx: Context): Tensor {
  const { step } = expectPass(x, ctx, "centred");
  return step ? add(x, mul(step, 0.5)) : x;
}

/** x − step/2: {@link centred} undone. */
export function uncentred(x: Tensor, ctx: Context): Tensor {
  const { step } = expectPass(x, ctx, "uncentred");
  return step ? sub(x, mul(step, 0.5)) : x;
}

function expectPass(x: Tensor, ctx: Context, where: string): Context {
  expectTensor(x, where);
  expectParts(where, { context: ctx });
  return ctx;
}
