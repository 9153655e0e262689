import type { Compiled, Traced } from "../engine/compile.js";
import type { Engine, Store } from "../engine/engine.js";
import { exp, logSumExp, sub, type Tensor } from "../graph/index.js";
import { Context } from "../nn/index.js";
import type { Arrays, NDArray } from "../tree.js";
import { expectEvents, inBatches } from "./batched.js";
import type { Norms } from "./converge.js";
import type { Classifier, ClassifierModel } from "./model.js";
import { openStore, Runner } from "./runner.js";

const batchSize = 100;

/** p(class | x) as a function to compile. */
export function traceProbabilities(
  model: Classifier,
): (args: Readonly<Record<string, Tensor>>) => Traced {
  return ({ x }) => {
    const logits = model.logits(x!, new Context({ phase: "infer" }));
    return { outputs: { probabilities: exp(sub(logits, logSumExp(logits, 1))) } };
  };
}

/** A classifier with numbers: predicts, maps to its features and back. */
export class ClassifierRunner extends Runner<ClassifierModel> {
  readonly #predict: Compiled;

  private constructor(engine: Engine, model: ClassifierModel, store: Store, norms: Norms) {
    super(engine, model, store, norms);
    this.#predict = this.compile(traceProbabilities(model));
  }

  /** @throws {LipschitzError} if the weights' norms don't settle. */
  static async open(
    engine: Engine,
    model: ClassifierModel,
    arrays: Arrays,
  ): Promise<ClassifierRunner> {
    const { store, norms } = await openStore(engine, model, arrays);
    return new ClassifierRunner(engine, model, store, norms);
  }

  /** p(class | x), `[B, classes]`. */
  async predict(x: NDArray): Promise<NDArray> {
    expectEvents(x, this.model.batch.x!, "ClassifierRunner.predict: x");
    const { probabilities } = await inBatches({ x }, batchSize, (batch) =>
      this.run(this.#predict, batch),
    );
    return probabilities!;
  }
}
