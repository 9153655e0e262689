import type { DataDescription, Split } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { evaluate, type Evaluation } from "../measure/index.js";
import type { Model } from "../models/index.js";
import { Reloaded } from "../runner/reloaded.js";
import type { Arrays } from "../tree.js";

export interface ValidatorOptions {
  readonly engine: Engine;
  readonly model: Model;
  readonly data: DataDescription;
  readonly split: Split;
  /** Whether the likelihood comes first, also of classes: it tells models of few errors apart. */
  readonly byLikelihood: boolean;
}

/** What training measures on held-out data has a name that starts with this. */
export const validationPrefix = "val ";

/** Most examples that p(x) is validated on while it trains. */
const densityExamples = 1000;

/** Examples that a model is validated on while it trains. */
export function validatedOn({ density }: Model, { count }: Split): number {
  return density ? Math.min(densityExamples, count) : count;
}

/** Measures a model while it trains, by one runner, so that its graphs are made once. */
export class Validator {
  readonly #options: ValidatorOptions;
  readonly #runner: Reloaded;

  constructor(options: ValidatorOptions) {
    const { model, engine, data } = options;
    this.#options = options;
    this.#runner = new Reloaded(model, { engine, data });
  }

  /** What to minimise first, each with its unit in its name. */
  async measure(arrays: Arrays): Promise<Readonly<Record<string, number>>> {
    const { model, split, byLikelihood } = this.#options;
    const count = validatedOn(model, split);
    const figures = figuresOf(await evaluate(await this.#runner.with(arrays), split, { count }));
    const entries = Object.entries(figures);
    if (byLikelihood) entries.sort(([a], [b]) => Number(a === errorName) - Number(b === errorName));
    return Object.fromEntries(entries.map(([name, value]) => [validationPrefix + name, value]));
  }

  /** Frees what it holds on the engine. */
  async close(): Promise<void> {
    await this.#runner.close();
  }
}

const errorName = "error (%)";

function figuresOf(evaluation: Evaluation): Record<string, number> {
  switch (evaluation.task) {
    case "classification":
      return { [errorName]: evaluation.errorPercent, "nll (nats)": evaluation.nll };
    case "density": {
      const { value, unit } = evaluation;
      return { [unit === "nats" ? "nll (nats)" : unit]: value };
    }
    case "hybrid":
      return {
        "objective (nats)": evaluation.objective,
        [errorName]: evaluation.classification.errorPercent,
        ...figuresOf(evaluation.density),
      };
  }
}
