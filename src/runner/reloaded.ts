import type { Model } from "../models/index.js";
import type { Arrays } from "../tree.js";
import { openModel, type ModelOptions } from "./open.js";
import type { Runner } from "./runner.js";

/** A runner for the numbers of a model that trains: opened with the first, it loads all others. */
export class Reloaded {
  readonly #model: Model;
  readonly #options: ModelOptions;
  #runner: Runner | undefined;

  constructor(model: Model, options: ModelOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** The runner with these numbers, until the next ones. */
  async with(arrays: Arrays): Promise<Runner> {
    if (this.#runner) await this.#runner.load(arrays);
    else this.#runner = await openModel(this.#model, arrays, this.#options);
    return this.#runner;
  }

  async close(): Promise<void> {
    await this.#runner?.close();
  }
}
