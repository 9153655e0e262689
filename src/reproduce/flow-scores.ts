import { arrayData, describeData, fractionsIn, type DataSet } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { DivergenceError } from "../errors.js";
import { mean } from "../measure/index.js";
import { iResNetDensity } from "../models/index.js";
import { openModel, type Runner, type ScoreOptions } from "../runner/index.js";
import { Random } from "../random.js";
import {
  chooseNoise,
  FlowOutlierScore,
  tableRecipe,
  type LogTerms,
  type TableRecipe,
} from "../tables/index.js";
import { fit, type TrainingOptions } from "../train/index.js";
import type { Arrays, NumberArray } from "../tree.js";
import { rowsOf } from "./anomaly-split.js";

export interface FlowScoresOptions {
  readonly engine: Engine;
  /** Decides all randomness. */
  readonly seed: number;
  /** Most steps of each training; the recipe's unless given. */
  readonly steps?: number | undefined;
  readonly signal: AbortSignal;
  /** Called after each step with those taken in all, and the most that there may be. */
  readonly onProgress?: (step: number, steps: number) => void;
}

export interface FlowScores {
  /** {@link FlowOutlierScore} of each scored row. */
  readonly scores: Float64Array;
  /** Standard deviation of the noise that training chose, in those of the columns. */
  readonly noise: number;
  /** Mean log p of held-out rows, in nats, in the table's units. */
  readonly logProb: number;
  /** Whether the model is the trial's, since the whole training ended less likely. */
  readonly isTrial: boolean;
}

/** A model with what held-out rows say of it. */
interface Candidate {
  readonly arrays: Arrays;
  readonly logProb: number;
}

/** Above so many columns a series is cheaper than the exact log-determinant. */
const mostExact = 64;

/**
 * Outlier scores by an i-ResNet density that learned training rows by {@link tableRecipe}.
 *
 * @param train normal rows in random order, `[N, D]`; the first of them are held out
 * @param scored rows to score, `[M, D]`
 * @returns nothing if the signal ended it.
 * @throws {DataError} if every column of the training rows is constant.
 * @throws {UsageError} if all trials diverge.
 */
export async function flowScores(
  train: NumberArray,
  scored: NumberArray,
  options: FlowScoresOptions,
): Promise<FlowScores | undefined> {
  const [rows, width] = [train.shape[0]!, train.shape[1]!];
  const { heldOut: count } = tableRecipe({ rows, columns: width });
  const places = Array.from({ length: rows }, (_, row) => row);
  const heldOut = rowsOf(train, places.slice(0, count));
  const data = arrayData({ x: rowsOf(train, places.slice(count)), validation: { x: heldOut } });
  const recipe = tableRecipe({ rows, columns: data.shape[0]! });
  const model = iResNetDensity(recipe.model);
  const fresh = model.scope.initialArrays(Random.fromSeed(options.seed));
  const { engine } = options;
  const runner = await openModel(model, fresh, { engine, data: describeData(data) });
  try {
    return await new Search({ data, recipe, heldOut, runner }, options).run(scored);
  } finally {
    await runner.close();
  }
}

/** What is learned, how, and from what. */
interface Subject {
  readonly data: DataSet;
  readonly recipe: TableRecipe;
  readonly heldOut: NumberArray;
  /** Of every model on the way, so that its graphs are made once. */
  readonly runner: Runner<ReturnType<typeof iResNetDensity>>;
}

class Search {
  readonly #subject: Subject;
  readonly #options: FlowScoresOptions;
  #taken = 0;

  constructor(subject: Subject, options: FlowScoresOptions) {
    this.#subject = subject;
    this.#options = options;
  }

  async run(scored: NumberArray): Promise<FlowScores | undefined> {
    const { data, recipe, runner } = this.#subject;
    const { signal } = this.#options;
    const { validateEvery, patience } = recipe.stopping;
    const trials: { readonly noise: number; readonly best: Candidate | undefined }[] = [];
    for (const noise of recipe.noise) {
      trials.push({ noise, best: await this.#train(recipe.trial(noise), { validateEvery }) });
      if (signal.aborted) return undefined;
    }
    const noise = chooseNoise(
      trials.map(({ noise, best }) => ({ noise, logProb: best?.logProb ?? NaN })),
    );
    const tried = trials.find((trial) => trial.noise === noise)!.best!;
    const trained = await this.#train(recipe.training(noise), { validateEvery, patience });
    if (signal.aborted) return undefined;
    const isTrial = !trained || trained.logProb < tried.logProb;
    const kept = isTrial ? tried : trained;
    const score = new FlowOutlierScore(await this.#heldOutTerms(kept.arrays));
    const { logProb, logDet } = await runner.score(scored, { ...this.#method(), invalid: "nan" });
    const scores = score.of({ logProb: logProb.data, logDet: logDet.data });
    // Density 0, as that of rows that differ from what never varied.
    for (const { row } of fractionsIn(scored, data.preprocessing)) scores[row] = Infinity;
    return { scores, noise, logProb: kept.logProb, isTrial };
  }

  /** Trains afresh; what of it is best on held-out rows, if any is. */
  async #train(
    training: TrainingOptions,
    stopping: Partial<TableRecipe["stopping"]>,
  ): Promise<Candidate | undefined> {
    const { runner, data } = this.#subject;
    const { engine, signal, seed, onProgress } = this.#options;
    const before = this.#taken;
    let best: Candidate | undefined;
    let measured = NaN;
    try {
      await fit(runner.model, data, this.#within({ ...training, seed }), {
        engine,
        signal,
        ...stopping,
        onWarning: () => undefined,
        onProgress: ({ step }) => {
          this.#taken = before + step;
          onProgress?.(this.#taken, this.#most());
        },
        validate: async (arrays) => {
          measured = mean((await this.#heldOutTerms(arrays)).logProb);
          return { "nll (nats)": -measured };
        },
        onBest: (arrays) => {
          best = { arrays, logProb: measured };
          return Promise.resolve();
        },
      });
    } catch (error) {
      // Another noise may suit the rows better, and what was best before stays so.
      if (!(error instanceof DivergenceError)) throw error;
    }
    return best;
  }

  /** What a model says of held-out rows, without those that differ from what never varied. */
  async #heldOutTerms(arrays: Arrays): Promise<LogTerms> {
    const { runner, heldOut } = this.#subject;
    await runner.load(arrays);
    const { logProb, logDet, deviations } = await runner.score(heldOut, this.#method());
    const beyond = new Set(deviations.map(({ row }) => row));
    const isWithin = (_: number, row: number): boolean => !beyond.has(row);
    return { logProb: logProb.data.filter(isWithin), logDet: logDet.data.filter(isWithin) };
  }

  #method(): ScoreOptions {
    return this.#subject.runner.model.dimensions <= mostExact ? { logDet: "exact" } : {};
  }

  #within(training: TrainingOptions): TrainingOptions {
    return { ...training, steps: Math.min(training.steps, this.#options.steps ?? Infinity) };
  }

  /** Steps that there may be in all. */
  #most(): number {
    const { noise, trial, training } = this.#subject.recipe;
    return [...noise.map(trial), training(noise[0]!)]
      .map((one) => this.#within(one).steps)
      .reduce((total, steps) => total + steps, 0);
  }
}
