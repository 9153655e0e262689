import type { NDArray } from "../tree.js";
import type { Core } from "./core.js";
import { expectAbility } from "./entry.js";
import { predictTrace } from "./graphs.js";
import { enterRows, expectRowOptions, type RowOptions } from "./rows.js";

/** p(class | x), `[B, classes]`: see {@link predictTrace}. */
export async function predict(core: Core, x: unknown, options: RowOptions): Promise<NDArray> {
  const where = "Runner.predict";
  const { model, preprocessor } = core;
  const classifier = expectAbility(model, "classifier", where);
  expectRowOptions(options, [], where);
  const entered = enterRows(x, options, { model, preprocessor, where }, "middles");
  return core.use(async (numbers) => {
    const results = await core.inferred("predict", predictTrace(classifier), entered, numbers);
    const judged = { direction: "forward pass", where } as const;
    return core.settled(results, numbers, entered, options, judged).probabilities!;
  });
}
