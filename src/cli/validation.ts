import { range } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { ClassifierRunner, type ClassifierModel, type DensityModel } from "../models/index.js";
import type { Arrays } from "../tree.js";
import { evaluateClassifier, evaluateDensity } from "./evaluation.js";
import { spread, type Examples } from "./examples.js";
import { openRunner, type AnyRunner } from "./perform.js";
import { validationPrefix } from "./report.js";

export interface ValidatorOptions {
  readonly engine: Engine;
  readonly model: ClassifierModel | DensityModel;
  readonly examples: Examples;
}

/** Examples that a density is validated on while it trains. */
const densityExamples = 1000;

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
    const { examples } = this.#options;
    if (runner instanceof ClassifierRunner) {
      const indices = range(0, examples.count);
      const { errorPercent, nll } = await evaluateClassifier(runner, examples, { indices });
      return {
        [`${validationPrefix}error (%)`]: errorPercent,
        [`${validationPrefix}nll (nats)`]: nll,
      };
    }
    const indices = spread(examples.count, densityExamples);
    const { value, unit } = await evaluateDensity(runner, examples, { indices });
    const name = unit === "nats" ? "nll (nats)" : unit;
    return { [validationPrefix + name]: value };
  }
}
