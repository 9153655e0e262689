import { describe, it } from "node:test";
import { exact } from "../../src/bijections/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { input } from "../../src/graph/index.js";
import { iResNetClassifier, iResNetHybrid, nice, type AnyModel } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { settledFeeds } from "../support/modules.js";
import { assertClose, events, normals, type Feeds, type Values } from "../support/values.js";

const residual = { shape: [2], classes: 2, blocks: [1], widths: [3] };
const models: Readonly<Record<string, AnyModel>> = {
  density: nice({ shape: [2], hidden: [3] }),
  classifier: iResNetClassifier({
    ...residual,
    squeezeFirst: false,
    channels: 2,
    centre: { mean: 0, deviation: 1 },
  }),
  hybrid: iResNetHybrid({ ...residual, head: 3 }),
};
const x = normals("x", [3, 2]);
const y: Values = { shape: [3, 2], data: [1, 0, 0, 1, 1, 0] };
const weight: Values = { shape: [3], data: [0.5, 2, 0.5] };

function lossOf(model: AnyModel, batch: Feeds): number {
  const inputs = Object.entries(batch).map(([name, { shape }]) => [name, input(name, shape)]);
  const ctx = new Context({ phase: "infer", logDet: exact });
  const { loss } = model.objective(
    Object.fromEntries(inputs) as Parameters<AnyModel["objective"]>[0],
    ctx,
  );
  return evaluate({ loss }, { ...settledFeeds(model.scope), ...batch }).loss.data[0]!;
}

describe("weights of examples", () => {
  for (const [name, model] of Object.entries(models)) {
    it(`count in the loss: ${name}`, () => {
      const alone = [0, 1, 2].map((i) =>
        lossOf(model, { x: events(x, i, i + 1), y: events(y, i, i + 1) }),
      );
      const mean = (weights: readonly number[]): number =>
        alone.reduce((sum, loss, i) => sum + weights[i]! * loss, 0) / 3;
      assertClose([lossOf(model, { x, y })], [mean([1, 1, 1])], 1e-12, "without");
      assertClose([lossOf(model, { x, y, weight })], [mean([0.5, 2, 0.5])], 1e-12, "with");
    });
  }
});
