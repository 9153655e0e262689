import type { Certificates, CertifyOptions } from "../certificates/index.js";
import { closable, type Closable } from "../closable.js";
import type { DataDescription } from "../data/index.js";
import type { Engine } from "../engine/engine.js";
import type { AnyModel, Model, Norms, PartName, SettledNorms } from "../models/index.js";
import type { Arrays, NDArray, NumberArray } from "../tree.js";
import { Core, openNumbers } from "./core.js";
import { attemptInverse, forward, inverse, type Inverse } from "./inverse.js";
import type { InverseLimits } from "./limits.js";
import { predict } from "./predict.js";
import { preprocessorOf } from "./preprocessor.js";
import type { RowOptions } from "./rows.js";
import { sample, type SampleOptions } from "./sample.js";
import { score, type ScoreOptions, type Scores } from "./score.js";

/** What a runner's methods work with, for functions of this package that take a runner. */
export let coreOf: (runner: AnyRunner) => Core;

/** A runner whose model may have a part, for all that its type says. */
interface Able<Part extends PartName> {
  readonly model: { has(part: Part): boolean };
}

/** A runner of a model of which nothing more is known. */
export type AnyRunner = Runner;

/**
 * A model with numbers, on an engine: its norms have settled, so it is what it promises. Rows enter
 * and leave in the data's own units and columns; latents and scores are float32.
 *
 * An ability that the model hasn't got doesn't compile; where its type isn't known, as after
 * {@link openRunner}, it throws `UsageError`. Every method throws `ShapeError` if an array isn't of
 * the shape it needs, `DataError` if rows aren't finite or aren't the pixels that the model takes,
 * and `UsageError` for an option that it doesn't know, or a condition too many or too few.
 */
export class Runner<M extends Model = AnyModel> implements Closable {
  readonly model: M;
  /** The data that the model was trained on, as its checkpoint keeps it. */
  readonly data: DataDescription | undefined;
  readonly #core: Core;
  readonly #closing: Closable;

  static {
    coreOf = (runner) => runner.#core;
  }

  private constructor(model: M, core: Core, data: DataDescription | undefined) {
    this.model = model;
    this.data = data;
    this.#core = core;
    this.#closing = closable(() => core.close());
  }

  /** Opens a model with its numbers; {@link openModel} checks its arguments first. */
  static async open<M extends Model>(
    model: M,
    arrays: Arrays,
    {
      engine,
      data,
      settledNorms,
    }: {
      readonly engine: Engine;
      readonly data?: DataDescription;
      readonly settledNorms?: SettledNorms;
    },
  ): Promise<Runner<M>> {
    const numbers = await openNumbers(engine, model, arrays, settledNorms);
    return new Runner(model, new Core(engine, model, preprocessorOf(model, data), numbers), data);
  }

  get engine(): Engine {
    return this.#core.engine;
  }

  /** Estimated norm of each normalised weight, by path. */
  get norms(): Norms {
    return this.#core.numbers.norms;
  }

  /**
   * Bound on the Lipschitz constant of each residual branch, by the block's path: an estimate, as
   * the norms are, until {@link Runner.certify} has proved one.
   */
  get lipschitz(): Readonly<Record<string, number>> {
    return this.#core.numbers.lipschitz;
  }

  /** Bounds that {@link Runner.certify} has proved of the numbers in use. */
  get certificates(): Certificates | undefined {
    return this.#core.numbers.certificates;
  }

  /**
   * Proves a bound on the norm of each weight in use, and so on the Lipschitz constant of each residual
   * branch. From then on, until other numbers are loaded, error bounds, truncation biases and planned
   * iterations are by these. It takes seconds: 1 s for 72 weights of width 32, 12 s for 36 of
   * width 128, on one core.
   *
   * @param options.onProgress told before each norm how many are done, and how many there are
   * @param options.products most multiplications spent on the matrix of a convolution, see
   *   {@link certifiedNorm}
   */
  certify(options: CertifyOptions = {}): Promise<Certificates> {
    return this.#core.certify(options);
  }

  /**
   * Takes other numbers for the same model; what is compiled stays. Calls under way end with the
   * numbers that they began with.
   *
   * @param arrays of a checkpoint or of {@link inferenceArrays}: moving averages are preferred
   * @throws {CheckpointError} if they are another model's, or not finite.
   * @throws {LipschitzError} if the weights' norms don't settle.
   */
  load(arrays: Arrays): Promise<void> {
    return this.#core.load(arrays);
  }

  /** Frees what it holds on the engine, after the calls under way; the engine stays open. */
  close(): Promise<void> {
    return this.#closing.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * log p(x) in nats. Whole numbers get uniform noise first, so theirs is a lower bound on their
   * log-probability, in expectation.
   *
   * @param x `[B, ...shape]`
   * @throws {ConvergenceError} if f is solved for, and its solver stops early.
   */
  score(
    this: Runner<M> & Able<"density">,
    x: NumberArray,
    options: ScoreOptions = {},
  ): Promise<Scores> {
    return score(this.#core, x, options);
  }

  /**
   * z = f(x), of whole numbers their middle, x + ½.
   *
   * @param x `[B, ...shape]`
   * @returns `[B, ...latent]`
   * @throws {ConvergenceError} if f is solved for, and its solver stops early.
   */
  forward(
    this: Runner<M> & Able<"bijection">,
    x: NumberArray,
    options: RowOptions = {},
  ): Promise<NDArray> {
    return forward(this.#core, x, options);
  }

  /**
   * x = f⁻¹(z), of whole numbers less the ½ that {@link forward} adds.
   *
   * @param z `[B, ...latent]`
   * @returns `[B, ...shape]`
   * @throws {ConvergenceError} if a block's residual is above its tolerance.
   */
  inverse(
    this: Runner<M> & Able<"bijection">,
    z: NumberArray,
    options: InverseLimits & RowOptions = {},
  ): Promise<NDArray<Float64Array>> {
    return inverse(this.#core, z, options);
  }

  /** x ≈ f⁻¹(z) with what its checks measured, be they kept or not. */
  attemptInverse(
    this: Runner<M> & Able<"bijection">,
    z: NumberArray,
    options: InverseLimits & RowOptions = {},
  ): Promise<Inverse> {
    return attemptInverse(this.#core, z, options, "Runner.attemptInverse");
  }

  /**
   * Draws from p(x): `[count, ...shape]`, in whole numbers where the data are. Nothing keeps a draw
   * within the range of the data: a category's code may be −1. `decodeTable` and `sampleTable` give
   * cells, where each draw is the nearest category that there is.
   *
   * @param count at least 1; fewer draws are the first of more
   * @throws {ConvergenceError} if a block's inverse ends above its tolerance.
   */
  sample(
    this: Runner<M> & Able<"density">,
    count: number,
    options: SampleOptions,
  ): Promise<NDArray<Float64Array>> {
    return sample(this.#core, count, options);
  }

  /**
   * p(class | x).
   *
   * @param x `[B, ...shape]`
   * @returns `[B, classes]`
   */
  predict(
    this: Runner<M> & Able<"classifier">,
    x: NumberArray,
    options: RowOptions = {},
  ): Promise<NDArray> {
    return predict(this.#core, x, options);
  }
}
