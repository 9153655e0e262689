import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { toyData } from "../../src/data/index.js";
import type { Engine } from "../../src/engine/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { measureEstimator, type Estimator } from "../../src/measure/index.js";
import { estimatorSchema } from "../../src/measure/estimator.js";
import { iResNetDensity } from "../../src/models/index.js";
import { openModel } from "../../src/runner/index.js";
import { Random } from "../../src/random.js";
import type { Arrays } from "../../src/tree.js";

describe("measureEstimator", () => {
  let engine: Engine;
  let estimator: Estimator;
  before(async () => {
    engine = await nodeEngine({ threads: 1 });
    const model = iResNetDensity({ shape: [2], blocks: [2], widths: [8], c: 0.9 });
    const arrays = Object.entries(model.scope.initialArrays(Random.fromSeed(1))).map(
      ([name, array]) => [
        name,
        name.endsWith("weight") ? { ...array, data: array.data.map((w) => 4 * w) } : array,
      ],
    );
    const runner = await openModel(model, Object.fromEntries(arrays) as Arrays, { engine });
    estimator = await measureEstimator(runner, await toyData("moons").split("test"));
    await runner.close();
  });
  after(() => engine.close());

  it("finds the bias within the bound of theorem 4, and falling", () => {
    for (const { terms, bias, standardError, bound } of estimator.byTerms) {
      assert.ok(bound !== null);
      assert.ok(Math.abs(bias) <= bound + 5 * standardError, `${terms} terms: ${bias}, ${bound}`);
    }
    const [first] = estimator.byTerms;
    const last = estimator.byTerms.at(-1)!;
    assert.ok(Math.abs(first!.bias) > 5 * first!.standardError, "a bias to be seen");
    assert.ok(Math.abs(last.bias) < Math.abs(first!.bias) / 5);
  });

  it("finds the reference where the exact value is", () => {
    const { difference, standardError, bound } = estimator.reference;
    assert.ok(bound !== null && bound < 0.01);
    assert.ok(Math.abs(difference) <= bound + 5 * standardError, String(difference));
  });

  it("finds the spread to fall with the root of the number of probes", () => {
    const [one, , four, , sixteen] = estimator.byProbes.map(({ spread }) => spread);
    assert.ok(Math.abs(one! / four! - 2) < 0.3, `${one} and ${four}`);
    assert.ok(Math.abs(one! / sixteen! - 4) < 0.8, `${one} and ${sixteen}`);
  });

  it("is what its schema reads", () => {
    assert.deepEqual(estimatorSchema.parse(JSON.parse(JSON.stringify(estimator))), estimator);
  });
});
