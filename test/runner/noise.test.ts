import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ffjord, glow, iResNetDensity, nice } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { assertClose, meanOf } from "../support/values.js";
import { opened, pick, rowsFor } from "./support.js";

const random = Random.fromSeed(4);
const flows = {
  "a series": iResNetDensity({ shape: [3], blocks: [2], widths: [4] }),
  "dequantised pixels": glow({ shape: [1, 2, 2], steps: [1], widths: [3] }),
};

describe("a row's noise", () => {
  for (const [name, model] of Object.entries(flows)) {
    it(`depends on its place alone, not on the batch: ${name}`, async () => {
      const runner = await opened(model);
      const x = rowsFor(model, 130); // more than one batch
      const options = { random, logDet: "estimate", terms: 3, probes: 2 } as const;
      const all = await runner.score(x, options);
      for (const row of [0, 1, 99, 100, 129]) {
        const alone = await runner.score(pick(x, [row]), { ...options, first: row });
        assertClose(alone.logProb.data, [all.logProb.data[row]!], 1e-6, `log p of row ${row}`);
        assertClose(alone.perProbe[1]!.data, [all.perProbe[1]!.data[row]!], 1e-6, "second probe");
      }
      const elsewhere = await runner.score(pick(x, [1]), options);
      assert.ok(Math.abs(elsewhere.logProb.data[0]! - all.logProb.data[1]!) > 1e-5);
    });
  }

  it("makes fewer samples the first of more, and streams them", async () => {
    for (const model of [nice({ shape: [3], hidden: [4] }), ffjord({ shape: [2], widths: [4] })]) {
      const runner = await opened(model);
      const all = await runner.sample(130, { random });
      const size = model.dimensions;
      const few = await runner.sample(3, { random });
      assertClose(few.data, all.data.subarray(0, 3 * size), 1e-4, "the first");
      const last = await runner.sample(2, { random, first: 128 });
      assertClose(last.data, all.data.subarray(128 * size), 1e-4, "the last");
    }
  });
});

it("the error of a mean over probes is that of the mean", async () => {
  const model = iResNetDensity({ shape: [20], blocks: [3], widths: [20], c: 0.9 });
  const runner = await opened(model);
  const x = rowsFor(model, 8);
  const exact = await runner.score(x, { logDet: "exact" });
  const options = { random, logDet: "estimate", terms: 20 } as const;
  assert.equal((await runner.score(x, options)).standardError, null);
  const scores = await runner.score(x, { ...options, probes: 64 });
  const z = Array.from(
    scores.standardError!.data,
    (error, i) => (scores.logProb.data[i]! - exact.logProb.data[i]!) / error,
  );
  const meanSquare = meanOf(z.map((value) => value ** 2));
  assert.ok(meanSquare > 0.1 && meanSquare < 4, `${meanSquare}, about 1`);
  const [values, mean] = [scores.perProbe.map(({ data }) => data[0]!), scores.logProb.data[0]!];
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 63;
  assertClose(scores.standardError!.data.subarray(0, 1), [Math.sqrt(variance / 64)], 1e-5, "error");
});

it("the log-determinant and the base add up to log p", async () => {
  const model = nice({ shape: [3], hidden: [4], base: "gaussian" });
  const runner = await opened(model);
  const x = rowsFor(model, 4);
  const [z, { logProb, logDet }] = [await runner.forward(x), await runner.score(x)];
  for (let row = 0; row < 4; row++) {
    const { data } = pick(z, [row]);
    const base = data.reduce((sum, v) => sum - v ** 2 / 2 - Math.log(2 * Math.PI) / 2, 0);
    assertClose([base + logDet.data[row]!], [logProb.data[row]!], 1e-5, "log p");
  }
});
