import type { Compiled } from "../engine/compile.js";
import type { Engine, Store } from "../engine/engine.js";
import type { Arrays, NDArray } from "../tree.js";
import { expectEvents, inBatches } from "./batched.js";
import { traceProbabilities } from "./classifier-runner.js";
import type { Norms } from "./converge.js";
import { DensityRunner } from "./density-runner.js";
import type { HybridModel } from "./model.js";
import { openStore } from "./runner.js";

const batchSize = 100;

/** A hybrid with numbers: predicts, scores, samples, maps to the latent and back. */
export class HybridRunner extends DensityRunner<HybridModel> {
  readonly #predict: Compiled;

  private constructor(engine: Engine, model: HybridModel, store: Store, norms: Norms) {
    super(engine, model, store, norms);
    this.#predict = this.compile(traceProbabilities(model));
  }

  /** @throws {LipschitzError} if the weights' norms don't settle. */
  static override async open(
    engine: Engine,
    model: HybridModel,
    arrays: Arrays,
  ): Promise<HybridRunner> {
    const { store, norms } = await openStore(engine, model, arrays);
    return new HybridRunner(engine, model, store, norms);
  }

  /** p(class | x), `[B, classes]`. */
  async predict(x: NDArray): Promise<NDArray> {
    expectEvents(x, this.model.batch.x!, "HybridRunner.predict: x");
    const { probabilities } = await inBatches({ x }, batchSize, (batch) =>
      this.run(this.#predict, batch),
    );
    return probabilities!;
  }
}
