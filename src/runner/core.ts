import {
  certifiedBounds,
  weightsInUse,
  type Certificates,
  type CertifyOptions,
} from "../certificates/index.js";
import { modelArrays } from "../checkpoint/open.js";
import { compile, type Compiled } from "../engine/compile.js";
import type { Engine, Store } from "../engine/engine.js";
import { UsageError } from "../errors.js";
import type { Check } from "../bijections/index.js";
import { reshape, slice, type Tensor } from "../graph/index.js";
import { normsInUse, settleNorms, type Norms, type SettledNorms } from "../models/converge.js";
import { lipschitzBounds, stepOf, type Model } from "../models/index.js";
import { Context, inverseDefaults, type ContextOptions } from "../nn/index.js";
import type { NoiseKind } from "../random.js";
import { mapValues, type Arrays } from "../tree.js";
import { Checks, expectConverged, unconverged, type Direction, type Measured } from "./checks.js";
import type { Tensors, Trace } from "./graphs.js";
import type { Preprocessor } from "./preprocessor.js";
import { expectNumbers, withNaN, type Entered, type RowOptions } from "./rows.js";
import { Shared, Shelf } from "./shared.js";
import { inBatches } from "./batching.js";
import { storeWeightsInUse, takeWeightsInUse } from "./weights-in-use.js";

/** A model's numbers, its norms settled. */
export interface Numbers {
  /** The variables, and the weights within their bounds: see {@link storeWeightsInUse}. */
  readonly store: Store;
  readonly norms: Norms;
  readonly settledNorms: SettledNorms;
  /** Bound on each residual block, by path: an estimate until it is certified. */
  lipschitz: Readonly<Record<string, number>>;
  /** What has been proved of them. */
  certificates?: Certificates;
}

/** What a tracing came to. */
export interface TracedOutputs {
  readonly outputs: Tensors;
  readonly checks: readonly Check[];
  /** Kinds of the inputs that are noise, by name. */
  readonly noise: Readonly<Record<string, NoiseKind>>;
}

/** What a tracing is for, beside what the model says of itself. */
export type TraceOptions = Omit<ContextOptions, "phase" | "step">;

/** Graphs of a density by their log-determinant: a session that tries many keeps the last few. */
const keptScorers = 4;

/** What all abilities of a runner have in common: the model, its numbers, and compiled graphs. */
export class Core {
  readonly engine: Engine;
  readonly model: Model;
  readonly preprocessor: Preprocessor;
  /** Width of the data's whole numbers, see {@link Context.step}. */
  readonly step: Tensor | undefined;
  readonly #checks = new Checks();
  readonly #graphs = new Shelf<Compiled>(Infinity, (compiled) => compiled.close());
  readonly #scorers = new Shelf<Compiled>(keptScorers, (compiled) => compiled.close());
  #numbers: Shared<Numbers>;
  #isClosed = false;

  constructor(engine: Engine, model: Model, preprocessor: Preprocessor, numbers: Numbers) {
    this.engine = engine;
    this.model = model;
    this.preprocessor = preprocessor;
    this.step = stepOf(model, preprocessor.steps);
    this.#numbers = shared(numbers);
  }

  get numbers(): Numbers {
    return this.#numbers.value;
  }

  /** What `f` gives with the numbers of now, which stay until then. */
  use<R>(f: (numbers: Numbers) => Promise<R>): Promise<R> {
    this.#expectOpen();
    return this.#numbers.use(f);
  }

  #expectOpen(): void {
    if (!this.#isClosed) return;
    throw new UsageError("Runner: expected an open runner, got a closed one; open it again");
  }

  /** Takes other numbers; those before are freed once the calls under way have ended. */
  async load(arrays: Arrays): Promise<void> {
    this.#expectOpen();
    const next = shared(await openNumbers(this.engine, this.model, arrays));
    if (this.#isClosed) return next.retire();
    const before = this.#numbers;
    this.#numbers = next;
    await before.retire();
  }

  /** Proves bounds on the weights in use; error bounds and planned iterations take them from then on. */
  certify(options: CertifyOptions): Promise<Certificates> {
    return this.use(async (numbers) => {
      if (numbers.certificates) return numbers.certificates;
      const weights = compile(this.engine, () => ({ outputs: weightsInUse(this.model) }));
      try {
        const inUse = await weights.call({}, { store: numbers.store });
        const certificates = await certifiedBounds(this.model, inUse, options);
        numbers.certificates = certificates;
        numbers.lipschitz = certificates.lipschitz;
        return certificates;
      } finally {
        await weights.close();
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#numbers.retire();
    await this.#graphs.close();
    await this.#scorers.close();
  }

  /**
   * Uses the graph of a key, traced when it is first used, with noise if it asks for some.
   * @param trace may be called again for other shapes; it is kept with the key
   */
  graph<R>(
    key: string,
    context: TraceOptions,
    trace: Trace,
    f: (compiled: Compiled) => Promise<R>,
  ): Promise<R> {
    const make = (): Compiled =>
      compile(this.engine, (args) => {
        const { outputs, checks, noise } = this.trace(trace, args, context);
        return { outputs: { ...outputs, ...this.#checks.outputs(checks) }, noise };
      });
    return (context.logDet ? this.#scorers : this.#graphs).use(key, make, f);
  }

  /** One tracing of the model as its numbers make it, for inference. */
  trace(trace: Trace, args: Tensors, context: TraceOptions): TracedOutputs {
    const ctx = new Context({
      phase: "infer",
      step: args.step ?? this.step,
      condition: args.condition,
      inverse: this.#limits(args),
      ...context,
    });
    takeWeightsInUse(this.model, ctx);
    const { outputs, checks = [] } = trace(args, ctx);
    return { outputs, checks, noise: ctx.noises };
  }

  /** What a graph without noise gives of rows, batch by batch; `beside` is the same for all. */
  inferred(
    key: string,
    trace: Trace,
    { args, count }: Pick<Entered, "args" | "count">,
    { store }: Numbers,
    beside: Arrays = {},
  ): Promise<Arrays> {
    return this.graph(key, {}, trace, (compiled) =>
      inBatches(args, count, (batch) =>
        compiled.run(compiled.prepare({ ...batch, ...beside }), store),
      ),
    );
  }

  measured(results: Arrays, { lipschitz }: Numbers): Measured[] {
    return this.#checks.measured(results, lipschitz);
  }

  /**
   * What a call gives: NaN where rows are invalid, or weren't solved for.
   * @throws {ConvergenceError} if a row wasn't solved for, unless `invalid` is `"nan"`.
   * @throws {DataError} if a row's results aren't numbers, unless it is.
   */
  settled(
    results: Arrays,
    numbers: Numbers,
    { invalid }: Entered,
    options: RowOptions,
    { direction, where }: { readonly direction: Direction; readonly where: string },
  ): Arrays {
    const checks = this.measured(results, numbers);
    if (options.invalid !== "nan") {
      expectConverged(checks, direction);
      expectNumbers(results, where);
    }
    const bad = [...invalid, ...unconverged(checks)];
    return mapValues(results, (array) => withNaN(array, bad));
  }

  /** The limits of each block's inverse, from the arguments of a graph that has one. */
  #limits({ steps, tolerance }: Tensors): NonNullable<ContextOptions["inverse"]> {
    const places = new Map(this.model.blocks.map(({ path }, i) => [path, i]));
    const at = (vector: Tensor, i: number): Tensor => reshape(slice(vector, 0, i, i + 1), []);
    return (path) => {
      const i = places.get(path);
      if (i === undefined || !steps || !tolerance) return inverseDefaults;
      return { steps: at(steps, i), tolerance: at(tolerance, i) };
    };
  }
}

/**
 * Puts a model's arrays in a store, lets its norms settle and bounds its weights by them.
 * @param known what its norms are said to have settled to
 * @throws {CheckpointError} if they aren't this model's, or not finite.
 * @throws {LipschitzError} if the norms don't settle.
 */
export async function openNumbers(
  engine: Engine,
  model: Model,
  arrays: Arrays,
  known?: SettledNorms,
): Promise<Numbers> {
  const store = await engine.createStore(modelArrays(model, arrays, "Runner"));
  try {
    const settledNorms = await settleNorms(engine, model, store, known);
    await storeWeightsInUse(engine, model, store);
    const norms = normsInUse(model, settledNorms);
    return { store, norms, settledNorms, lipschitz: lipschitzBounds(model, norms) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function shared(numbers: Numbers): Shared<Numbers> {
  return new Shared(numbers, () => numbers.store.close());
}
