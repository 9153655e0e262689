import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import { expectWhole, ranges } from "../border/ranges.js";
import type { Checkpoint } from "../checkpoint/index.js";
import { describeData, halve, type DataSet, type Halves, type Split } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { DivergenceError } from "../errors.js";
import type { Model } from "../models/index.js";
import { fit, type Report, type TrainingOptions } from "../train/index.js";
import type { Arrays } from "../tree.js";
import { calibrationOf, heldOutLikelihood, mostHeldOut } from "./held-out.js";
import { modelRecipe, type ModelRecipe } from "./model-recipe.js";
import type { TableModelName } from "./models.js";
import { chooseNoise, type Trial } from "./recipe.js";
import { Reloaded } from "../runner/reloaded.js";

/** Where {@link fitTable} stands after a step. */
export interface TableProgress {
  /** A trial of a noise, or the training with the one that was chosen. */
  readonly stage: "trial" | "training";
  readonly noise: number;
  /** Steps taken in all, trials included. */
  readonly step: number;
  /** Most steps that there may be in all. */
  readonly steps: number;
  /** In nats a row, of the standardised columns. */
  readonly loss: number;
}

export interface FitTableOptions {
  readonly engine: Engine;
  /**
   * Name of the model, as given to {@link tableData}; a classifier of data with classes to predict, else
   * an i-ResNet density, unless given.
   */
  readonly model?: TableModelName;
  /** Decides all randomness; 0 unless given. */
  readonly seed?: number;
  /** Most steps of the training; the recipe's unless given. Trials take at most a quarter of that. */
  readonly steps?: number;
  /** Called after each step. */
  readonly onProgress?: (progress: TableProgress) => void;
  /** Called as `fit` calls it, in the training but not in the trials. */
  readonly onReport?: (report: Report) => Promise<void>;
  /** Called with the data's warnings; console.warn unless given. */
  readonly onWarning?: (warning: string) => void;
  /** Ends the work early: the best so far is kept. */
  readonly signal?: AbortSignal;
}

const known = ["engine", "model", "seed", "steps", "onProgress", "onReport", "onWarning", "signal"];

/** A model of a table, and how it was found. */
export interface TableFit {
  /** Opens with `openRunner`; its `data` holds what reads and scores other rows. */
  readonly checkpoint: Checkpoint;
  readonly trials: readonly Trial[];
  /** The noise that was chosen. */
  readonly noise: number;
  /** How the training with it was configured. */
  readonly training: TrainingOptions;
  /**
   * Mean log-likelihood of the held-out rows that chose, under the model that is kept, in nats: of a
   * density log p(x), in the units of the columns; of a classifier log p(class | x); of a hybrid minus
   * its objective.
   */
  readonly logProb: number;
  /** Held-out rows, those that calibrate included. */
  readonly heldOut: number;
  /**
   * How many of them chose, which alone {@link logProb} is of. They favour the model that they chose:
   * `evaluate` measures it on all held-out rows.
   */
  readonly choosing: number;
  /** Step of the training that was best; 0 if the trial was better than all of it. */
  readonly step: number;
}

const where = "fitTable";

/**
 * Learns a table by {@link tableRecipe}, with nothing set by hand: its density, conditional where the
 * data have a condition, or what tells its classes apart. Short trainings choose the smoothing noise by
 * the likelihood of held-out rows, which ends the training that follows too; what was best on them is
 * kept. Of a density one half of them does so, and the other half calibrates its p-values; of
 * fewer than 40 all do both.
 *
 * @param data from {@link tableData} or `arrayData`: rows of numbers with held-out ones
 * @returns nothing if the signal ended it before there was a model.
 * @throws {UsageError} if an option is unknown, the data have no held-out rows, or the model can't learn
 * them.
 * @throws {DataError} if the data aren't rows of columns, or are fewer than 8.
 * @throws {DivergenceError} if the numbers of all trials become infinite.
 *
 * @example
 * const data = tableData(await readTable(await openTable(await fileSource("my.csv"))));
 * const { checkpoint } = (await fitTable(data, { engine }))!;
 */
export async function fitTable(
  data: DataSet,
  options: FitTableOptions,
): Promise<TableFit | undefined> {
  expectOptions(options, known, where);
  expectKind(data, "data set", where);
  expectKind(options.engine, "engine", where);
  const [train, heldOut] = [await data.split("train"), await data.split("validation")];
  const recipe = modelRecipe(data, train.count + heldOut.count, options.model);
  for (const warning of data.warnings) (options.onWarning ?? console.warn)(warning);
  const all = { choosing: heldOut, calibrating: heldOut };
  const splits = { train, heldOut, ...(recipe.model.density ? halve(heldOut) : all) };
  const search = new Search(data, shortened(recipe, train, options), splits, options);
  try {
    return await search.run();
  } finally {
    await search.close();
  }
}

/** The recipe for as many rows and steps as there are. */
function shortened(
  recipe: ModelRecipe,
  { count }: Split,
  { steps, seed = 0 }: FitTableOptions,
): ModelRecipe {
  if (steps !== undefined) expectWhole(steps, ranges.steps, `${where}: steps`);
  const within = (training: TrainingOptions, most: number): TrainingOptions => ({
    ...training,
    seed,
    steps: Math.min(training.steps, most),
    batchSize: Math.min(training.batchSize, count),
  });
  const { validateEvery } = recipe.stopping;
  const most = steps ?? Infinity;
  return {
    ...recipe,
    trial: (noise) => within(recipe.trial(noise), Math.ceil(most / 4)),
    training: (noise) => ({ ...within(recipe.training(noise), Infinity), ...(steps && { steps }) }),
    stopping: {
      ...recipe.stopping,
      validateEvery: Math.min(validateEvery, Math.max(1, Math.ceil(most / 8))),
    },
  };
}

/** A model with what held-out rows say of it. */
interface Candidate {
  readonly arrays: Arrays;
  readonly logProb: number;
  readonly step: number;
}

interface Splits extends Halves<Split> {
  readonly train: Split;
  readonly heldOut: Split;
}

class Search {
  readonly #data: DataSet;
  readonly #recipe: ModelRecipe;
  readonly #splits: Splits;
  readonly #options: FitTableOptions;
  readonly #model: Model;
  readonly #runner: Reloaded;
  #taken = 0;

  constructor(data: DataSet, recipe: ModelRecipe, splits: Splits, options: FitTableOptions) {
    this.#data = data;
    this.#recipe = recipe;
    this.#splits = splits;
    this.#options = options;
    this.#model = recipe.model;
    this.#runner = new Reloaded(recipe.model, {
      engine: options.engine,
      data: describeData(data),
    });
  }

  async run(): Promise<TableFit | undefined> {
    const { signal } = this.#options;
    const tried: (Trial & { readonly candidate: Candidate | undefined })[] = [];
    for (const noise of this.#recipe.noise) {
      if (signal?.aborted) break;
      const candidate = await this.#attempt("trial", noise);
      tried.push({ noise, logProb: candidate?.logProb ?? NaN, candidate });
    }
    const trials = tried.map(({ noise, logProb }) => ({ noise, logProb }));
    if (signal?.aborted && !tried.some(({ candidate }) => candidate)) return undefined;
    if (!tried.some(({ candidate }) => candidate)) {
      throw new DivergenceError(
        `${where}: expected a trial that learns ${this.#data.name}, got none whose likelihood of held-out rows is a number; leave out rows that lie far beyond the others`,
        { name: this.#data.name },
      );
    }
    const noise = chooseNoise(trials);
    const trial = tried.find((one) => one.noise === noise)!.candidate!;
    const trained = signal?.aborted ? undefined : await this.#attempt("training", noise);
    const best = trained && trained.logProb >= trial.logProb ? trained : { ...trial, step: 0 };
    return {
      checkpoint: await this.#checkpoint(best.arrays),
      trials,
      noise,
      training: this.#recipe.training(noise),
      logProb: best.logProb,
      heldOut: this.#splits.heldOut.count,
      choosing: Math.min(mostHeldOut, this.#splits.choosing.count),
      step: best.step,
    };
  }

  async close(): Promise<void> {
    await this.#runner.close();
  }

  /** Trains with a noise; what of it is best on held-out rows, if any is. */
  async #attempt(stage: TableProgress["stage"], noise: number): Promise<Candidate | undefined> {
    const { engine, onProgress, onReport, signal } = this.#options;
    const { stopping, ...recipe } = this.#recipe;
    const isTrial = stage === "trial";
    const started = this.#taken;
    const steps = recipe.noise.length * recipe.trial(noise).steps + recipe.training(noise).steps;
    let best: Candidate | undefined;
    let measured = NaN;
    let step = 0;
    try {
      await fit(this.#model, this.#data, recipe[stage](noise), {
        engine,
        onWarning: () => undefined,
        ...(signal && { signal }),
        ...(!isTrial && stopping),
        validate: async (arrays) => {
          measured = await heldOutLikelihood(
            await this.#runner.with(arrays),
            this.#splits.choosing,
          );
          return { "nll (nats)": -measured };
        },
        onBest: (arrays) => {
          best = { arrays, logProb: measured, step };
          return Promise.resolve();
        },
        onProgress: (progress) => {
          step = progress.step;
          this.#taken = started + step;
          onProgress?.({ stage, noise, step: this.#taken, steps, loss: progress.loss });
        },
        ...(!isTrial && onReport && { onReport }),
      });
    } catch (error) {
      // Another noise may suit rows better; and what was best before stays so.
      if (!(error instanceof DivergenceError)) throw error;
    }
    return best;
  }

  async #checkpoint(arrays: Arrays): Promise<Checkpoint> {
    const { kind, config } = this.#model;
    const calibration = await calibrationOf(await this.#runner.with(arrays), this.#splits);
    return {
      format: 1,
      model: { kind, config },
      data: { ...describeData(this.#data), ...(calibration && { calibration }) },
      arrays,
    };
  }
}
