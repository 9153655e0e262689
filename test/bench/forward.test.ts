import assert from "node:assert/strict";
import { it } from "node:test";
import { largestDifference, makeForwards } from "../../bench/forward.js";
import { nodeEngine } from "../../src/engine/node.js";

it("TensorFlow.js and jax-js compute our logits, run after run", async () => {
  await using engine = await nodeEngine({ threads: 1 });
  const small = { batch: 3, blocks: [2, 2], width: 8, size: 8 };
  const { ours, tensorflow, jax } = await makeForwards(engine, small);
  const logits = await ours();
  assert.equal(logits.length, 30);
  assert.ok(largestDifference(logits, new Float32Array(30)) > 0.1);
  for (const forward of [tensorflow, tensorflow, jax, jax]) {
    assert.ok(largestDifference(logits, await forward()) < 1e-4);
  }
});
