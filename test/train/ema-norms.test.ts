import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Matrix } from "ml-matrix";
import { inferenceArrays } from "../../src/checkpoint/index.js";
import { toyData } from "../../src/data/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { convergeNorms, iResNetDensity } from "../../src/models/index.js";
import { fit } from "../../src/train/index.js";
import type { Arrays } from "../../src/tree.js";
import { matrixOf, spectralNorm } from "../support/matrices.js";

const c = 0.5;
const model = iResNetDensity({ shape: [2], blocks: [2], widths: [8], c });

/** Norms of the weights as a model uses them: divided by what u and v make of σ. */
function normsInUse(arrays: Arrays): Record<string, number> {
  return Object.fromEntries(
    model.scope.norms.map(({ path }) => {
      const { shape, data } = arrays[`${path}.weight`]!;
      const weight = matrixOf(data, shape[1]!);
      const row = (name: string): Matrix => Matrix.rowVector([...arrays[`${path}.${name}`]!.data]);
      const sigma = row("u").mmul(weight).mmul(row("v").transpose()).get(0, 0);
      return [path, spectralNorm(weight) / Math.max(1, sigma / c)];
    }),
  );
}

describe("moving averages of weights", () => {
  it("have norms of their own, which settle when a model is opened", async () => {
    const engine = referenceEngine();
    const { arrays } = await fit(
      model,
      toyData("moons"),
      {
        steps: 30,
        batchSize: 16,
        ema: 0.99,
        optimizer: { kind: "muon" },
        schedule: { kind: "constant", learningRate: 0.3 },
        logDet: { kind: "exact" },
      },
      { engine },
    );
    const averaged = inferenceArrays(arrays);
    const lag = Math.max(...Object.values(normsInUse(averaged)));
    assert.ok(lag > 1.02 * c, `the vectors are those of other weights: ${lag}`);

    const store = await engine.createStore(averaged);
    const reported = await convergeNorms(engine, model, store);
    const settled = normsInUse(await store.read());
    for (const [path, norm] of Object.entries(settled)) {
      assert.ok(norm <= c * (1 + 1e-3), `${path}: ${norm}`);
      assert.ok(reported[path]! >= norm, path);
    }
    await store.close();
  });
});
