import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import type { Checkpoint } from "../checkpoint/index.js";
import { describeData, type DataSet, type Split } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { DataError, DivergenceError, UsageError } from "../errors.js";
import { mean } from "../measure/index.js";
import { iResNetDensity } from "../models/index.js";
import { openModel, type Runner } from "../runner/index.js";
import { fit, type Report, type TrainingOptions } from "../train/index.js";
import type { Arrays } from "../tree.js";
import { calibrate, heldOutTerms } from "./held-out.js";
import { chooseNoise, tableRecipe, type TableRecipe, type Trial } from "./recipe.js";

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

const known = ["engine", "seed", "steps", "onProgress", "onReport", "onWarning", "signal"];

/** A model of a table, and how it was found. */
export interface TableFit {
  /** Opens with `openRunner`; its `data` holds what reads and scores other rows. */
  readonly checkpoint: Checkpoint;
  readonly trials: readonly Trial[];
  /** The noise that was chosen. */
  readonly noise: number;
  /** How the training with it was configured. */
  readonly training: TrainingOptions;
  /** Mean log p of held-out rows in nats, in the units of the columns, under the model that is kept. */
  readonly logProb: number;
  /** Held-out rows. */
  readonly heldOut: number;
  /** Step of the training that was best; 0 if the trial was better than all of it. */
  readonly step: number;
}

const where = "fitTable";

/**
 * Learns the density of a table by {@link tableRecipe}, with nothing set by hand: short trainings choose
 * the smoothing noise by the likelihood of held-out rows, which ends the training that follows too;
 * what was best on them is kept. Held-out rows then calibrate outlier scores.
 *
 * @param data from {@link tableData} or `arrayData`: rows of numbers with held-out ones
 * @returns nothing if the signal ended it before there was a model.
 * @throws {UsageError} if an option is unknown, or the data have no held-out rows.
 * @throws {DataError} if the data aren't rows of columns without a condition, or are fewer than 8.
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
  if (data.shape.length !== 1 || data.pixels || data.condition > 0) {
    throw new DataError(
      `${where}: expected rows of columns without a condition, got ${data.name} of shape [${data.shape}]${data.condition > 0 ? " with one" : ""}; take tableData, or train a model with fit`,
      { name: data.name },
    );
  }
  const [train, heldOut] = [await data.split("train"), await data.split("validation")];
  const recipe = tableRecipe({ rows: train.count + heldOut.count, columns: data.shape[0]! });
  for (const warning of data.warnings) (options.onWarning ?? console.warn)(warning);
  const search = new Search(data, shortened(recipe, train, options), heldOut, options);
  try {
    return await search.run();
  } finally {
    await search.close();
  }
}

/** The recipe for as many rows and steps as there are. */
function shortened(
  recipe: TableRecipe,
  { count }: Split,
  { steps, seed = 0 }: FitTableOptions,
): TableRecipe {
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps >= 1)) {
    throw new UsageError(
      `${where}: expected steps to be a whole number of at least 1, got ${steps}`,
      {
        name: "steps",
      },
    );
  }
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

class Search {
  readonly #data: DataSet;
  readonly #recipe: TableRecipe;
  readonly #heldOut: Split;
  readonly #options: FitTableOptions;
  readonly #model: ReturnType<typeof iResNetDensity>;
  #runner: Runner<ReturnType<typeof iResNetDensity>> | undefined;
  #taken = 0;

  constructor(data: DataSet, recipe: TableRecipe, heldOut: Split, options: FitTableOptions) {
    this.#data = data;
    this.#recipe = recipe;
    this.#heldOut = heldOut;
    this.#options = options;
    this.#model = iResNetDensity(recipe.model);
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
      heldOut: this.#heldOut.count,
      step: best.step,
    };
  }

  async close(): Promise<void> {
    await this.#runner?.close();
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
          measured = await this.#logProb(arrays);
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

  async #logProb(arrays: Arrays): Promise<number> {
    const { logProb } = await heldOutTerms(await this.#open(arrays), this.#heldOut);
    return mean(Array.from(logProb));
  }

  async #checkpoint(arrays: Arrays): Promise<Checkpoint> {
    const { kind, config } = this.#model;
    const calibration = calibrate(await heldOutTerms(await this.#open(arrays), this.#heldOut));
    return {
      format: 1,
      model: { kind, config },
      data: { ...describeData(this.#data), calibration },
      arrays,
    };
  }

  /** One runner for all models, so that its graphs are made once. */
  async #open(arrays: Arrays): Promise<Runner<ReturnType<typeof iResNetDensity>>> {
    if (this.#runner) await this.#runner.load(arrays);
    else {
      const { engine } = this.#options;
      this.#runner = await openModel(this.#model, arrays, {
        engine,
        data: describeData(this.#data),
      });
    }
    return this.#runner;
  }
}
