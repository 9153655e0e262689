import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { configure } from "../../src/runs/configuration.js";
import { prepareRun } from "../../src/runs/prepare.js";
import { fit } from "../../src/train/index.js";

describe("what `iresnet demo` trains", () => {
  it("stays finite over the first 800 of its 2,000 steps", { timeout: 300_000 }, async () => {
    const run = await prepareRun(configure("toy", { threads: 1, steps: 2000 }));
    await using engine = await nodeEngine({ threads: 1 });
    const enough = new AbortController();
    let last = { step: 0, loss: NaN };
    await fit(run.model, run.data, run.config.training, {
      engine,
      signal: enough.signal,
      onProgress: ({ step, loss }) => {
        last = { step, loss };
        if (step === 800) enough.abort();
      },
    });
    assert.equal(last.step, 800);
    assert.ok(last.loss < 3.2, `after 800 steps the loss is ${last.loss} nats, of noise 4.2`);
  });
});
