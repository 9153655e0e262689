import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile } from "../../src/engine/compile.js";
import type { Engine } from "../../src/engine/engine.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { settleNorms } from "../../src/models/converge.js";
import { iResNetDensity } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { openModel } from "../../src/runner/index.js";
import { rowsFor } from "./support.js";

/** An engine, and the inputs of each graph that it loads. */
function watched(): { readonly engine: Engine; readonly inputs: (readonly string[])[] } {
  const inner = referenceEngine();
  const inputs: (readonly string[])[] = [];
  const load: Engine["load"] = async (graph) => {
    const session = await inner.load(graph);
    inputs.push(session.inputs);
    return session;
  };
  return { engine: { ...inner, load }, inputs };
}

describe("weights within their bounds", () => {
  const model = iResNetDensity({ shape: [3], blocks: [2], widths: [8], c: 0.5 });
  const arrays = model.scope.initialArrays(Random.fromSeed(1));
  const x = rowsFor(model, 4);

  it("are computed when a runner opens, not by each call", async () => {
    const { engine, inputs } = watched();
    await using runner = await openModel(model, arrays, { engine });
    const opening = inputs.length;
    await runner.score(x, { logDet: "exact" });
    await runner.inverse(await runner.forward(x));
    const asked = new Set(inputs.slice(opening).flat());
    const { norms } = model.scope;
    assert.ok(norms.length > 0);
    for (const { path, u, v } of norms) {
      assert.ok(asked.has(`inUse:${path}`), path);
      for (const { attributes } of [u, v]) assert.ok(!asked.has(attributes.name), path);
    }
  });

  it("are those of a tracing that computes them itself, bit for bit", async () => {
    const engine = referenceEngine();
    await using runner = await openModel(model, arrays, { engine });
    await using store = await engine.createStore(arrays);
    await settleNorms(engine, model, store);
    await using direct = compile(engine, ({ x: rows }) => ({
      outputs: { z: model.bijection.forward(rows!, new Context({ phase: "infer" })).value },
    }));
    const { z } = await direct.call({ x }, { store });
    assert.deepEqual(await runner.forward(x), z);
  });

  it("without a bound are the variables, which no store holds twice", async () => {
    const { engine, inputs } = watched();
    const free = iResNetDensity({ shape: [3], blocks: [2], widths: [8], c: null });
    const numbers = free.scope.initialArrays(Random.fromSeed(1));
    await using runner = await openModel(free, numbers, { engine });
    await runner.forward(x);
    assert.ok(inputs.flat().every((name) => !name.startsWith("inUse:")));
  });
});
