import assert from "node:assert/strict";
import { it } from "node:test";
import { evaluateDensity } from "../../src/cli/evaluation.js";
import { loadExamples } from "../../src/cli/examples.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { iResNetDensity } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel } from "../../src/runner/index.js";

it("an evaluation names its log-determinant, however small the bias", async () => {
  const model = iResNetDensity({ shape: [2], blocks: [1], widths: [4], c: 0.1 });
  const arrays = model.scope.initialArrays(Random.fromSeed(1));
  const runner = await openModel(model, arrays, { engine: referenceEngine() });
  const examples = await loadExamples({ name: "8gaussians", folder: "" }, "test", model);
  const indices = Uint32Array.of(0, 1, 2);
  const series = await evaluateDensity(runner, examples, { indices, terms: 40 });
  assert.deepEqual([series.logDet, series.terms], ["series", 40]);
  assert.ok(series.biasBound! > 0 && series.biasBound! < 1e-40);
  const exact = await evaluateDensity(runner, examples, { indices });
  assert.deepEqual([exact.logDet, exact.terms, exact.biasBound], ["exact", null, 0]);
});
