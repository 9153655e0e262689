import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { DataError } from "../../src/errors.js";
import { createModel, made, modelDefinitions, nice } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel, type AnyRunner } from "../../src/runner/index.js";
import { ndarray, type NumberArray } from "../../src/tree.js";
import { smallModels } from "../models/small-configs.js";
import { conditionFor, opened, rowsFor } from "../runner/support.js";
import { assertSameRows, withRows } from "../support/rows.js";
import { testEngine } from "../support/engine.js";

const random = Random.fromSeed(3);
const count = 5;
const spoilt = 2;
const others = [0, 1, 3, 4];

/** In place of a whole row: no number, or one far from all others. */
const values = { real: [NaN, -Infinity, 1e6, -1e30], pixels: [NaN, 0, 255] };

describe("NaN, infinite or extreme rows", async () => {
  const engine = await testEngine();

  for (const { kind, task } of modelDefinitions()) {
    if (task === "classification") continue;
    for (const [what, config] of Object.entries(smallModels[kind]!.configs)) {
      it(`change no bit of another row: ${kind}, ${what}`, async () => {
        const model = createModel(kind, config);
        const runner: AnyRunner = await openModel(model, model.scope.initialArrays(random), {
          engine,
        });
        const options = { ...conditionFor(model, count), invalid: "nan" } as const;
        const mapped = async (x: NumberArray) => {
          const { logProb, logDet } = await runner.score(x, { ...options, random });
          return { logProb, logDet, z: await runner.forward(x, options) };
        };
        const x = rowsFor(model, count);
        const right = await mapped(x);
        const back = { x: await runner.inverse(right.z, options) };
        for (const value of model.pixels ? values.pixels : values.real) {
          const got = await mapped(withRows(x, { [spoilt]: value }));
          assertSameRows(got, right, others);
          if (!Number.isFinite(value)) assert.ok(Number.isNaN(got.logProb.data[spoilt]));
        }
        for (const value of [NaN, 1e6]) {
          const z = withRows(right.z, { [spoilt]: value });
          assertSameRows({ x: await runner.inverse(z, options) }, back, others);
        }
        await runner.close();
      });
    }
  }
});

describe("rows beyond float32", () => {
  const flow = nice({ shape: [3], hidden: [4] });
  const beyond = { shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 1e300, 6) };
  const named = (error: unknown): true => {
    assert.ok(error instanceof DataError);
    assert.deepEqual(error.details.rows, [1]);
    assert.match(error.message, /float32's range, up to 3\.4e38, got larger numbers from row 1;/);
    return true;
  };

  it("are an error that names them, or NaN alone", async () => {
    const runner = await opened(flow);
    await assert.rejects(runner.score(beyond), named);
    await assert.rejects(runner.forward(beyond), named);
    await assert.rejects(runner.inverse(beyond), named);
    for (const array of [
      (await runner.score(beyond, { invalid: "nan" })).logProb,
      await runner.forward(beyond, { invalid: "nan" }),
      await runner.inverse(beyond, { invalid: "nan" }),
    ]) {
      const half = array.data.length / 2;
      const areNaN = Array.from(array.data, Number.isNaN);
      assert.deepEqual(
        areNaN,
        areNaN.map((_, i) => i >= half),
      );
    }
  });

  it("are found as well in a condition", async () => {
    const model = nice({ shape: [3], hidden: [4], condition: 1 });
    const runner = await opened(model);
    const x = rowsFor(model, 2);
    const condition = { shape: [2, 1], data: Float64Array.of(0, -1e200) };
    await assert.rejects(runner.score(x, { condition }), named);
  });

  it("are named where it is the results that leave it", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const model = createModel("glow", { shape: [4], steps: [2], widths: [4] });
    const runner: AnyRunner = await openModel(model, model.scope.initialArrays(random), { engine });
    // In float32 the products of its 1x1 convolutions are ∞ − ∞.
    const x = ndarray([1, 2, 3, 4, 3e38, -3e38, 3e38, -3e38], [2, 4]);
    await assert.rejects(runner.score(x), named);
    const { logProb } = await runner.score(x, { invalid: "nan" });
    assert.deepEqual(Array.from(logProb.data, Number.isFinite), [true, false]);
    await engine.close();
  });

  it("have no probability in a mixture, rather than none that is a number", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const model = made({ shape: [2], hidden: [4], components: 3 });
    const runner = await openModel(model, model.scope.initialArrays(random), { engine });
    const { logProb } = await runner.score(ndarray([0, 1, 1e30, 1], [2, 2]));
    assert.ok(Number.isFinite(logProb.data[0]));
    assert.equal(logProb.data[1], -Infinity);
    await engine.close();
  });
});
