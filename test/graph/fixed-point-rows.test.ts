import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { nodeEngine } from "../../src/engine/node.js";
import { fixedPoint, input, mul, sub, tanh } from "../../src/graph/index.js";
import { assertSameRows, runIn, withRows } from "../support/rows.js";
import { normals } from "../support/values.js";

const shape = [6, 3];

/** x ← y − rate·tanh(x), a rate for each row, and what it leaves. */
const outputs = (steps: number) => {
  const [y, rate] = [input("y", shape), input("rate", [6, 1])];
  const { value, step } = fixedPoint(y, (x) => sub(y, mul(rate, tanh(x))), {
    steps,
    tolerance: 1e-5,
  });
  return { value, step };
};

const feeds = (y = normals("y", shape), hard = 0.5) => ({
  y,
  rate: { shape: [6, 1], data: [0.3, 0.5, 0.7, hard, 0.6, 0.4] },
});

for (const name of ["the reference", "ONNX Runtime"] as const) {
  describe(`the rows of a fixed point, in ${name}`, () => {
    let engine: Engine | undefined;
    before(async () => {
      if (name === "ONNX Runtime") engine = await nodeEngine({ threads: 1 });
    });
    after(() => engine?.close());

    const run = (given: ReturnType<typeof feeds>, steps = 200) =>
      runIn(engine, outputs(steps), given);

    it("don't change a bit of one another, though one isn't a number, or is beyond float32", async () => {
      const usual = await run(feeds());
      const mixed = await run(
        feeds(withRows(normals("y", shape), { 1: NaN, 3: 1e30, 4: Infinity })),
      );
      assertSameRows(mixed, usual, [0, 2, 5]);
      assert.ok(Array.from(usual.step!.data).every((s) => Math.abs(s) <= 1e-5));
    });

    it("stop by themselves: one that takes longer changes no other", async () => {
      const usual = await run(feeds());
      const slow = await run(feeds(undefined, 0.99));
      assertSameRows(slow, usual, [0, 1, 2, 4, 5]);
    });
  });
}
