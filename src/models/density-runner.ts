import { exact, powerSeries, truncationBias } from "../bijections/index.js";
import type { Compiled } from "../engine/compile.js";
import type { Engine } from "../engine/engine.js";
import { UsageError } from "../errors.js";
import { Context, type LogDetEstimator } from "../nn/index.js";
import type { Random } from "../random.js";
import { scalarArray, type Arrays, type NDArray } from "../tree.js";
import { batchSizeFor, concatRows, expectEvents, firstRows, inBatches, rows } from "./batched.js";
import { conditionArrays, type Conditioned } from "./condition.js";
import { dequantised } from "./density-objective.js";
import type { Density, LogDetMethod } from "./model.js";
import { expectConverged, openStore, Runner, type InverseLimits, type Measured } from "./runner.js";

export interface ScoreOptions extends Conditioned {
  /**
   * Where the log-determinant comes from: the `exact` Jacobian, or its trace throughout a solve
   * (the default up to 16 dimensions, unless `terms` of a series are given), or the model's
   * `estimate`, see {@link LogDetMethod}. One of a closed form is that in any case.
   */
  readonly logDet?: "exact" | "estimate";
  /**
   * Terms of the series, if the model has one. Unless given, as many as it takes to be off by at most
   * 0.005 nats per dimension, in tens, but no more than 100: see {@link Scores.bias}.
   */
  readonly terms?: number;
  /** Independent repetitions, each with its own probe and dequantisation; 1 unless given. */
  readonly probes?: number;
  /** Source of the probes. */
  readonly random: Random;
}

export interface Scores {
  /** log p(x) in nats, the mean over the probes, `[B]`. */
  readonly logProb: NDArray;
  /** log p(x) in nats of each probe, `[B]` each. */
  readonly perProbe: readonly NDArray[];
  /** Where the log-determinant came from. */
  readonly logDet: LogDetMethod | "exact";
  /** Terms of the series; null if there is none. */
  readonly terms: number | null;
  /**
   * Most that truncating the series adds to or takes from the mean, in nats, for the Lipschitz
   * constants that {@link Runner.lipschitz} estimates: 0 without a series, infinite if one isn't
   * below 1.
   */
  readonly bias: number;
}

export interface SampleOptions extends InverseLimits, Conditioned {
  readonly random: Random;
  /** Scales the base's standard deviation; 1 unless given. */
  readonly temperature?: number;
}

const mostExactByDefault = 16;
/** Most that truncating the series should change, in nats per dimension. */
const tolerated = 0.005;
const mostTerms = 100;
const batchSize = 100;

/** A density model with numbers: scores, samples, maps to the latent and back. */
export class DensityRunner<M extends Density = Density> extends Runner<M> {
  readonly #scorers = new Map<string, Compiled>();
  readonly #samplers = new Map<number, Compiled>();

  /** @throws {LipschitzError} if the weights' norms don't settle. */
  static async open(engine: Engine, model: Density, arrays: Arrays): Promise<DensityRunner> {
    const { store, norms } = await openStore(engine, model, arrays);
    return new DensityRunner(engine, model, store, norms);
  }

  /**
   * log p(x) in nats. Pixels get uniform noise first, so theirs is a lower bound on the
   * log-probability of the discrete image, in expectation.
   * @throws {ConvergenceError} if f is solved for, and its solver stops early.
   */
  async score(x: NDArray, options: ScoreOptions): Promise<Scores> {
    expectEvents(x, this.model.bijection.inShape, "DensityRunner.score: x");
    const logDet = this.#method(options);
    const terms = logDet === "series" ? (options.terms ?? this.#enoughTerms()) : null;
    const { probes = 1, random } = options;
    if (!(Number.isInteger(probes) && probes >= 1)) {
      throw new UsageError(`DensityRunner.score: expected at least 1 probe, got ${probes}`);
    }
    const scorer =
      terms !== null
        ? this.#scorer(`series ${terms}`, powerSeries({ terms }))
        : this.#scorer(logDet, logDet === "exact" ? exact : powerSeries({ terms: 1 }));
    const args = {
      x,
      ...conditionArrays(this.model, options, x.shape[0]!, "DensityRunner.score"),
    };
    const perProbe: NDArray[] = [];
    for (let probe = 0; probe < probes; probe++) {
      const noise = random.split(probe);
      const results = await inBatches(args, batchSize, (batch, i) =>
        scorer.run(scorer.prepare(batch, noise.split(i)), this.store),
      );
      expectConverged(this.measured(results), "forward pass");
      perProbe.push(results.logProb!);
    }
    return {
      logProb: meanOf(perProbe),
      perProbe,
      logDet,
      terms,
      bias: terms === null ? 0 : this.#truncationBias(terms),
    };
  }

  /**
   * Draws `[count, ...shape]`.
   * @throws {ConvergenceError} if a block's inverse ends above its tolerance.
   */
  async sample(count: number, options: SampleOptions): Promise<NDArray> {
    if (!(Number.isInteger(count) && count >= 1)) {
      throw new UsageError(`DensityRunner.sample: expected a count of at least 1, got ${count}`);
    }
    const size = batchSizeFor(count, batchSize);
    const sampler = this.#sampler(size);
    const args = {
      ...this.limitArrays(options),
      temperature: scalarArray(options.temperature ?? 1),
    };
    const { condition } = conditionArrays(this.model, options, count, "DensityRunner.sample");
    const parts: NDArray[] = [];
    const checks: Measured[] = [];
    for (let start = 0; start < count; start += size) {
      const batch = {
        ...args,
        ...(condition && { condition: rows(condition, start, start + size) }),
      };
      const prepared = sampler.prepare(batch, options.random.split(start));
      const drawn = await sampler.run(prepared, this.store);
      const results = firstRows(drawn, Math.min(size, count - start));
      parts.push(results.x!);
      checks.push(...this.measured(results));
    }
    expectConverged(checks, "inverse");
    return concatRows(parts);
  }

  #method({ logDet, terms }: ScoreOptions): Scores["logDet"] {
    const { logDet: method, dimensions } = this.model;
    if (method === "closed form") return method;
    const isTruncated = method === "series" && terms !== undefined;
    const isSmall = dimensions <= mostExactByDefault;
    return (logDet ?? (isSmall && !isTruncated ? "exact" : "estimate")) === "exact"
      ? "exact"
      : method;
  }

  #scorer(key: string, logDet: LogDetEstimator): Compiled {
    const known = this.#scorers.get(key);
    if (known) return known;
    const scorer = this.compile(({ x, condition }) => {
      const ctx = new Context({ phase: "infer", logDet, condition });
      const { logProb, checks } = this.model.score(dequantised(this.model, x!, ctx), ctx);
      return { outputs: { logProb, ...this.checkOutputs(checks) }, noise: ctx.noises };
    });
    this.#scorers.set(key, scorer);
    return scorer;
  }

  #sampler(count: number): Compiled {
    const known = this.#samplers.get(count);
    if (known) return known;
    const sampler = this.compile((args) => {
      const ctx = this.inverseContext(args);
      const { x, checks } = this.model.sample(count, args.temperature!, ctx);
      return { outputs: { x, ...this.checkOutputs(checks) }, noise: ctx.noises };
    });
    this.#samplers.set(count, sampler);
    return sampler;
  }

  #enoughTerms(): number {
    let terms = 10;
    while (terms < mostTerms && this.#truncationBias(terms) > tolerated * this.model.dimensions) {
      terms += 10;
    }
    return terms;
  }

  #truncationBias(terms: number): number {
    const { lipschitz } = this;
    return this.model.blocks.reduce(
      (total, { path, dimensions }) => total + truncationBias(dimensions, lipschitz[path]!, terms),
      0,
    );
  }
}

/** −log p/(D ln 2): bits per dimension of a log-density in nats. */
export function bitsPerDim(logProb: number, dimensions: number): number {
  return -logProb / (dimensions * Math.LN2);
}

function meanOf(arrays: readonly NDArray[]): NDArray {
  const [first, ...rest] = arrays as readonly [NDArray, ...NDArray[]];
  const data = first.data.map(
    (value, i) => rest.reduce((total, array) => total + array.data[i]!, value) / arrays.length,
  );
  return { shape: first.shape, data };
}
