import type { Bijection, Check } from "../bijections/index.js";
import { compile, type Compiled } from "../engine/compile.js";
import type { Engine, Store } from "../engine/engine.js";
import { ConvergenceError, UsageError } from "../errors.js";
import { reshape, slice, type Tensor } from "../graph/index.js";
import { Context, inverseDefaults } from "../nn/index.js";
import { ndarray, type Arrays, type NDArray } from "../tree.js";
import { expectEvents, inBatches } from "./batched.js";
import { conditionArrays, type Conditioned } from "./condition.js";
import { convergeNorms, lipschitzBounds, plannedIterations, type Norms } from "./converge.js";
import type { Model } from "./model.js";

export interface InverseLimits {
  /**
   * Most fixed-point iterations per block. Unless given, twice as many as bring plain iteration to
   * float32's limit by the block's Lipschitz bound, or 500 where that isn't below 1.
   */
  readonly steps?: number;
  /**
   * Wanted accuracy of each block's inverse, |x − f⁻¹(y)|₂/(1 + |y|₂), 10⁻⁶ unless given: a block
   * stops once its last step certifies that for every event, see {@link Measured.errorBound}, or
   * is at float32's limit.
   */
  readonly tolerance?: number;
}

/** What a check measured on a batch. */
export interface Measured extends Omit<Check, "residual"> {
  /** Largest over the batch; NaN if one is. */
  readonly residual: number;
  /** `[B]`. */
  readonly perEvent: NDArray;
  /**
   * For an iterative inverse: |x − f⁻¹(y)|₂/(1 + |y|₂) is at most L/(1 − L) times the residual, if
   * {@link Runner.lipschitz} bounds the block by L < 1 and rounding aside; else infinite. It is the
   * block's own error, and doesn't bound what the blocks after it make of that: each by up to
   * 1/(1 − L).
   */
  readonly errorBound?: number;
}

export interface Inverse {
  readonly x: NDArray;
  readonly checks: readonly Measured[];
}

/** Outputs of a graph that are residuals of checks start with this. */
const checkPrefix = "check:";
const batchSize = 100;

/** A model with numbers, on an engine: its norms have settled, so it is what it promises. */
export class Runner<M extends Model> {
  readonly engine: Engine;
  readonly model: M;
  protected readonly store: Store;
  readonly #checks = new Map<string, Check>();
  readonly #compiled: Compiled[] = [];
  #norms: Norms;
  readonly #forward: Compiled;
  readonly #inverse: Compiled;

  protected constructor(engine: Engine, model: M, store: Store, norms: Norms) {
    this.engine = engine;
    this.model = model;
    this.store = store;
    this.#norms = norms;
    this.#forward = this.compile(({ x, condition }) => {
      const ctx = new Context({ phase: "infer", condition });
      const { value: z, checks } = expectBijection(model, "Runner.forward").forward(x!, ctx);
      return { outputs: { z, ...this.checkOutputs(checks) } };
    });
    this.#inverse = this.compile(({ z, ...args }) => {
      const ctx = this.inverseContext(args);
      const { value: x, checks } = expectBijection(model, "Runner.inverse").inverse(z!, ctx);
      return { outputs: { x, ...this.checkOutputs(checks) } };
    });
  }

  /** Estimated norm of each normalised weight, by path. */
  get norms(): Norms {
    return this.#norms;
  }

  /**
   * Bound on the Lipschitz constant of each residual branch, by the block's path: an estimate, as
   * the norms are.
   */
  get lipschitz(): Readonly<Record<string, number>> {
    return lipschitzBounds(this.model, this.#norms);
  }

  /**
   * Takes other numbers for the same model; what is compiled stays.
   * @throws {LipschitzError} if the weights' norms don't settle.
   */
  async load(arrays: Arrays): Promise<void> {
    await this.store.write(arrays);
    this.#norms = await convergeNorms(this.engine, this.model, this.store);
  }

  /**
   * z = f(x), `[B, ...shape]` to `[B, ...latent]`.
   * @throws {UsageError} if the model has no inverse.
   * @throws {ConvergenceError} if f is solved for, and its solver stops early.
   */
  async forward(x: NDArray, conditioned: Conditioned = {}): Promise<NDArray> {
    expectEvents(x, expectBijection(this.model, "Runner.forward").inShape, "Runner.forward: x");
    const args = { x, ...conditionArrays(this.model, conditioned, x.shape[0]!, "Runner.forward") };
    const results = await inBatches(args, batchSize, (batch) => this.run(this.#forward, batch));
    expectConverged(this.measured(results), "forward pass");
    return results.z!;
  }

  /**
   * x = f⁻¹(z).
   * @throws {UsageError} if the model has no inverse.
   * @throws {ConvergenceError} if a block's residual is above its tolerance.
   */
  async inverse(z: NDArray, limits?: InverseLimits & Conditioned): Promise<NDArray> {
    const { x, checks } = await this.attemptInverse(z, limits);
    expectConverged(checks, "inverse");
    return x;
  }

  /**
   * x ≈ f⁻¹(z) with what its checks measured, be they kept or not.
   * @throws {UsageError} if the model has no inverse.
   */
  async attemptInverse(z: NDArray, limits: InverseLimits & Conditioned = {}): Promise<Inverse> {
    expectEvents(z, expectBijection(this.model, "Runner.inverse").outShape, "Runner.inverse: z");
    const args = { z, ...conditionArrays(this.model, limits, z.shape[0]!, "Runner.inverse") };
    const results = await inBatches(args, batchSize, (batch) =>
      this.run(this.#inverse, { ...batch, ...this.limitArrays(limits) }),
    );
    return { x: results.x!, checks: this.measured(results) };
  }

  /** Frees what it holds on the engine, which stays open. */
  async close(): Promise<void> {
    for (const compiled of this.#compiled) await compiled.close();
    await this.store.close();
  }

  /** Compiles for as long as this runner is open. */
  protected compile(trace: Parameters<typeof compile>[1]): Compiled {
    const compiled = compile(this.engine, trace);
    this.#compiled.push(compiled);
    return compiled;
  }

  /** The limits of an inverse as arguments of a graph: one number for each block. */
  protected limitArrays({ steps, tolerance = 1e-6 }: InverseLimits): Arrays {
    const bounds = Object.values(this.lipschitz);
    const vector = (f: (lipschitz: number) => number): NDArray =>
      ndarray(bounds.map(f), [bounds.length]);
    return {
      steps: vector((lipschitz) => steps ?? mostIterations(lipschitz)),
      tolerance: vector((lipschitz) => stepTolerance(lipschitz, tolerance)),
    };
  }

  /** A context whose inverse takes its limits, and its condition, when the graph runs. */
  protected inverseContext({
    steps,
    tolerance,
    condition,
  }: Readonly<Record<string, Tensor>>): Context {
    const places = new Map(this.model.blocks.map(({ path }, i) => [path, i]));
    const at = (vector: Tensor, i: number): Tensor => reshape(slice(vector, 0, i, i + 1), []);
    return new Context({
      phase: "infer",
      condition,
      inverse: (path) => {
        const i = places.get(path)!;
        return { steps: at(steps!, i), tolerance: at(tolerance!, i) };
      },
    });
  }

  protected async run(compiled: Compiled, args: Arrays): Promise<Arrays> {
    return compiled.run(compiled.prepare(args), this.store);
  }

  /** Residuals as outputs of a graph; `measured` finds them again among its results. */
  protected checkOutputs(checks: readonly Check[]): Record<string, Tensor> {
    return Object.fromEntries(
      checks.map((check) => {
        const name = checkPrefix + check.where;
        this.#checks.set(name, check);
        return [name, check.residual];
      }),
    );
  }

  protected measured(results: Arrays): Measured[] {
    const { lipschitz } = this;
    return Object.entries(results).flatMap(([name, perEvent]) => {
      const check = this.#checks.get(name);
      if (!check) return [];
      const { where, tolerance, remedy } = check;
      const residual = perEvent.data.reduce((most, r) => Math.max(most, r), 0);
      const bound = lipschitz[where];
      return [
        {
          where,
          tolerance,
          remedy,
          residual,
          perEvent,
          ...(bound !== undefined && { errorBound: errorBound(bound, residual) }),
        },
      ];
    });
  }
}

/** Puts arrays in a store and lets the model's norms settle. */
export async function openStore(
  engine: Engine,
  model: Model,
  arrays: Arrays,
): Promise<{ store: Store; norms: Norms }> {
  const store = await engine.createStore(arrays);
  try {
    return { store, norms: await convergeNorms(engine, model, store) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * The map from data to latent of a model that has one.
 * @throws {UsageError} if it has none.
 */
export function expectBijection({ kind, bijection }: Model, where: string): Bijection {
  if (bijection) return bijection;
  throw new UsageError(
    `${where}: expected a model with an inverse, got ${kind}, which has none; take an invertible one, such as i-resnet-classifier`,
  );
}

/** @throws {ConvergenceError} if a residual is above its tolerance, or not a number. */
export function expectConverged(
  checks: readonly Measured[],
  direction: "forward pass" | "inverse",
): void {
  const worst = checks.find(({ residual, tolerance }) => !(residual <= tolerance));
  if (worst) {
    throw new ConvergenceError(
      `${direction} of ${worst.where}: expected a relative residual of at most ${worst.tolerance}, got ${worst.residual.toExponential(2)}; ${worst.remedy}`,
    );
  }
}

/** Of an inverse whose last step is so long, relative to 1 + |y|₂ as the step is. */
function errorBound(lipschitz: number, step: number): number {
  return lipschitz < 1 ? (lipschitz / (1 - lipschitz)) * step : Infinity;
}

/** The step that certifies an accuracy, or float32's limit; not above the accuracy itself. */
function stepTolerance(lipschitz: number, accuracy: number): number {
  const certifying = Math.min(1, 1 / errorBound(lipschitz, 1)) * accuracy;
  return Math.max(certifying, Math.min(accuracy, inverseDefaults.tolerance));
}

function mostIterations(lipschitz: number): number {
  const planned = plannedIterations(lipschitz, inverseDefaults.tolerance);
  return planned === undefined ? inverseDefaults.steps : 2 * planned;
}
