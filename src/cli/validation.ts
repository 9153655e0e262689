import type { Engine } from "../engine/index.js";
import type { AnyModel } from "../models/index.js";
import type { Arrays } from "../tree.js";
import {
  evaluateClassifier,
  evaluateDensity,
  evaluateHybrid,
  type DensityEvaluation,
} from "./evaluation.js";
import { spread, type Examples } from "./examples.js";
import { openRunner, type AnyRunner } from "./perform.js";
import { validationPrefix } from "./report.js";

export interface ValidatorOptions {
  readonly engine: Engine;
  readonly model: AnyModel;
  readonly examples: Examples;
}

/** Most examples that p(x) is validated on while it trains. */
const densityExamples = 1000;

/** Examples that a model is validated on while it trains. */
export function validatedOn({ task }: AnyModel, { count }: Examples): number {
  return task === "classification" ? count : Math.min(densityExamples, count);
}

/** Measures a model while it trains. */
export class Validator {
  readonly #options: ValidatorOptions;
  #runner: AnyRunner | undefined;

  constructor(options: ValidatorOptions) {
    this.#options = options;
  }

  /** What to minimise first, each with its unit. */
  async measure(arrays: Arrays): Promise<Readonly<Record<string, number>>> {
    return this.#evaluate(await this.#runnerOf(arrays));
  }

  /** Frees what it holds on the engine. */
  async close(): Promise<void> {
    await this.#runner?.close();
  }

  /** One runner for all measurements, so that its graphs are made once. */
  async #runnerOf(arrays: Arrays): Promise<AnyRunner> {
    if (this.#runner) await this.#runner.load(arrays);
    else
      this.#runner = await openRunner(this.#options.engine, { model: this.#options.model, arrays });
    return this.#runner;
  }

  async #evaluate(runner: AnyRunner): Promise<Readonly<Record<string, number>>> {
    const { model, examples } = this.#options;
    const indices = spread(examples.count, validatedOn(model, examples));
    if (model.task === "classification") {
      const { errorPercent, nll } = await evaluateClassifier(runner, examples, { indices });
      return {
        [`${validationPrefix}error (%)`]: errorPercent,
        [`${validationPrefix}nll (nats)`]: nll,
      };
    }
    if (model.task === "hybrid") {
      const { objective, classification, density } = await evaluateHybrid(runner, examples, {
        indices,
      });
      return {
        [`${validationPrefix}objective (nats)`]: objective,
        [`${validationPrefix}error (%)`]: classification.errorPercent,
        ...likelihood(density),
      };
    }
    return likelihood(await evaluateDensity(runner, examples, { indices }));
  }
}

function likelihood({ value, unit }: DensityEvaluation): Record<string, number> {
  return { [validationPrefix + (unit === "nats" ? "nll (nats)" : unit)]: value };
}
