import type { Engine } from "../engine/index.js";
import { ClassifierRunner, type ClassifierModel, type DensityModel } from "../models/index.js";
import type { Arrays } from "../tree.js";
import { evaluateClassifier, evaluateDensity } from "./evaluation.js";
import { spread, type Examples } from "./examples.js";
import { openRunner, type AnyRunner } from "./perform.js";
import { validationPrefix } from "./report.js";

type AnyModel = ClassifierModel | DensityModel;

export interface ValidatorOptions {
  readonly engine: Engine;
  readonly model: AnyModel;
  readonly examples: Examples;
}

/** Most examples that a density is validated on while it trains. */
const densityExamples = 1000;

/** Examples that a model is validated on while it trains. */
export function validatedOn({ task }: AnyModel, { count }: Examples): number {
  return task === "density" ? Math.min(densityExamples, count) : count;
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
    if (runner instanceof ClassifierRunner) {
      const { errorPercent, nll } = await evaluateClassifier(runner, examples, { indices });
      return {
        [`${validationPrefix}error (%)`]: errorPercent,
        [`${validationPrefix}nll (nats)`]: nll,
      };
    }
    const { value, unit } = await evaluateDensity(runner, examples, { indices });
    const name = unit === "nats" ? "nll (nats)" : unit;
    return { [validationPrefix + name]: value };
  }
}
