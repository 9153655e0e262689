import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exact } from "../../src/bijections/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { evaluate } from "../../src/engine/reference.js";
import { LipschitzError, UsageError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { iResNetHybrid } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { openModel } from "../../src/runner/index.js";
import { Flow } from "../../src/distributions/index.js";
import { stepOf } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { ndarray } from "../../src/tree.js";
import { assertGradients } from "../support/derivatives.js";
import { noiseFeeds, parametersOf, settledFeeds } from "../support/modules.js";
import { assertClose, meanOf, normals, uniforms, type Values } from "../support/values.js";

const vector = { shape: [2], classes: 3, blocks: [2], widths: [5], head: 4, weight: 0.7 };
const image = { shape: [1, 4, 4], classes: 3, blocks: [1, 1], widths: [2], head: 4, weight: 2 };

const labels = [0, 2, 1, 2];
const y: Values = {
  shape: [4, 3],
  data: labels.flatMap((label) => [0, 1, 2].map((i) => Number(i === label))),
};

function dataOf({ shape }: { readonly shape: readonly number[] }): Values {
  return shape.length === 1
    ? normals("x", [4, ...shape])
    : {
        shape: [4, ...shape],
        data: Array.from(uniforms("x", [4, ...shape], 0, 256).data, Math.floor),
      };
}

for (const [kind, config] of Object.entries({ vector, image })) {
  describe(`i-ResNet hybrid, ${kind}`, () => {
    const model = iResNetHybrid(config);
    const x = dataOf(config);
    const feeds = { ...settledFeeds(model.scope), x, y };
    const batch = { x: input("x", x.shape), y: input("y", y.shape) };

    it("minimises −log p(class | x) and, weighted per dimension, −log p(x)", () => {
      const ctx = new Context({ phase: "train", logDet: exact, step: stepOf(model) });
      const { loss, metrics } = model.objective(batch, ctx);
      const noise = noiseFeeds(ctx, [loss]);
      const results = evaluate<string>({ loss, ...metrics }, { ...feeds, ...noise });

      // The same by the two models that it is, at data with the noise that the objective adds.
      const drawn = Object.values(noise)[0];
      const noisy = Float64Array.from(x.data, (value, i) => value + (drawn?.data[i] ?? 0));
      const infer = new Context({ phase: "infer", logDet: exact });
      const { logProb } = evaluate(
        { logProb: new Flow(model.density.base, model.bijection).score(batch.x, infer).logProb },
        { ...feeds, x: { data: noisy } },
      );
      const { logits } = evaluate(
        { logits: model.classifier.logits(batch.x, infer) },
        { ...feeds, x: { data: noisy } },
      );
      const crossEntropy = labels.map((label, i) => {
        const row = [...logits.data.slice(3 * i, 3 * i + 3)];
        return Math.log(row.reduce((sum, l) => sum + Math.exp(l), 0)) - row[label]!;
      });
      const perDimension = -meanOf(logProb.data) / model.dimensions;
      const expected = meanOf(crossEntropy) + config.weight * perDimension;
      assertClose(results.loss!.data, [expected], 1e-12, "loss");
      assertClose(results["-log p(x) (nats/dim)"]!.data, [perDimension], 1e-12, "nats/dim");
      assertClose(results["cross-entropy (nats)"]!.data, [meanOf(crossEntropy)], 1e-12, "nats");
    });

    it("has the gradient that differences show", () => {
      const ctx = new Context({ phase: "train", logDet: exact, step: stepOf(model) });
      const { loss } = model.objective(batch, ctx);
      assertGradients(loss, parametersOf(model.scope), { ...feeds, ...noiseFeeds(ctx, [loss]) });
    });

    it("predicts, scores as a density, samples and inverts, on one set of numbers", async () => {
      const engine = referenceEngine();
      const random = Random.fromSeed(5);
      const arrays = model.scope.initialArrays(Random.fromSeed(4));
      const runner = await openModel(model, arrays, { engine });
      const events = ndarray(x.data, x.shape);

      const { shape, data } = await runner.predict(events);
      assert.deepEqual(shape, [4, 3]);
      for (let i = 0; i < 4; i++) {
        assertClose([data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!], [1], 1e-6, "sum");
      }
      const density = await openModel(model, arrays, { engine });
      const options = { random, terms: 4 };
      const scores = await runner.score(events, options);
      assert.deepEqual(scores.logProb, (await density.score(events, options)).logProb);
      assert.deepEqual((await runner.sample(3, { random })).shape, [3, ...config.shape]);
      if (kind === "vector") {
        const back = await runner.inverse(await runner.forward(events));
        assertClose(back.data, x.data, 1e-4, "x");
      }
    });
  });
}

describe("i-ResNet hybrid's configuration", () => {
  it("refuses what it can't be", () => {
    assert.throws(() => iResNetHybrid({ ...vector, c: 1.2 }), LipschitzError);
    for (const wrong of [{ weight: -1 }, { head: 0 }, { classes: 0 }]) {
      assert.throws(() => iResNetHybrid({ ...vector, ...wrong }), UsageError);
    }
  });
});
