import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { ConvergenceError, DataError, ShapeError, UsageError } from "../../src/errors.js";
import {
  ffjord,
  glow,
  iResNetClassifier,
  iResNetDensity,
  maf,
  nice,
  realNvp,
  type Density,
  type Model,
} from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel } from "../../src/runner/index.js";
import { ndarray, type NumberArray } from "../../src/tree.js";
import { assertClose } from "../support/values.js";
import { conditionFor, opened, pick, rowsFor } from "./support.js";

const random = Random.fromSeed(3);
const flow = nice({ shape: [3], hidden: [4] });
const conditional = nice({ shape: [3], hidden: [4], condition: 2 });
const classifier = iResNetClassifier({
  shape: [3],
  classes: 2,
  blocks: [1],
  widths: [4],
  squeezeFirst: false,
  channels: 3,
  centre: { mean: 0, deviation: 1 },
});

/** What a stranger may hand in as three numbers for each of two rows. */
const wrong: Readonly<Record<string, unknown>> = {
  "too few numbers": { shape: [2, 3], data: [1, 2, 3, 4, 5] },
  "too many numbers": { shape: [2, 3], data: new Float32Array(7) },
  "text for a number": { shape: [2, 3], data: [1, 2, "3", 4, 5, 6] },
  "big integers": { shape: [2, 3], data: new BigInt64Array(6) },
  "another shape": { shape: [3, 2], data: new Float32Array(6) },
  "no rows": { shape: [0, 3], data: [] },
  "nested arrays": [
    [1, 2, 3],
    [4, 5, 6],
  ],
  nothing: undefined,
};

/** Tells the compiler what a caller without types may do. */
function unchecked(value: unknown): NumberArray {
  return value as NumberArray;
}

describe("arrays that enter a runner", () => {
  for (const [what, value] of Object.entries(wrong)) {
    it(`are refused with their name: ${what}`, async () => {
      const [density, predictor, given] = [
        await opened(flow),
        await opened(classifier),
        await opened(conditional),
      ];
      const x = unchecked(value);
      const rows = rowsFor(flow, 2);
      const isNamed = (name: string) => (error: unknown) => {
        assert.ok(error instanceof ShapeError);
        assert.equal(error.details.name, name);
        assert.match(error.message, new RegExp(`^Runner\\.\\w+: expected ${name} `));
        return true;
      };
      await assert.rejects(density.score(x, { random }), isNamed("x"));
      await assert.rejects(density.forward(x), isNamed("x"));
      await assert.rejects(density.inverse(x), isNamed("z"));
      await assert.rejects(density.attemptInverse(x), isNamed("z"));
      await assert.rejects(predictor.predict(x), isNamed("x"));
      if (value === undefined) return; // no condition has a message of its own
      await assert.rejects(given.forward(rows, { condition: x }), isNamed("condition"));
      await assert.rejects(given.score(rows, { random, condition: x }), isNamed("condition"));
      await assert.rejects(given.sample(2, { random, condition: x }), isNamed("condition"));
    });
  }

  it("may be of any numbers", async () => {
    const runner = await opened(flow);
    const numbers = [1, 2, 3, -4, 5, 6];
    const expected = await runner.score({ shape: [2, 3], data: Float32Array.from(numbers) });
    for (const data of [numbers, Float64Array.from(numbers), Int16Array.from(numbers)]) {
      assert.deepEqual(await runner.score({ shape: [2, 3], data }), expected);
    }
  });
});

describe("options of a runner", () => {
  it("are refused if unknown, with the nearest name", async () => {
    const runner = await opened(flow);
    const x = rowsFor(flow, 2);
    const misspelt = (options: object): never => options as never;
    const refusal = (near: string) => ({
      name: UsageError.name,
      message: new RegExp(`did you mean "${near}"`),
    });
    await assert.rejects(
      runner.sample(2, misspelt({ random, temprature: 0.5 })),
      refusal("temperature"),
    );
    await assert.rejects(runner.score(x, misspelt({ probe: 2 })), refusal("probes"));
    await assert.rejects(runner.score(x, misspelt({ logdet: "exact" })), refusal("logDet"));
    await assert.rejects(runner.forward(x, misspelt({ conditions: x })), refusal("condition"));
    await assert.rejects(runner.inverse(x, misspelt({ step: 3 })), refusal("steps"));
    const { arrays } = { arrays: flow.scope.initialArrays(random) };
    await assert.rejects(
      openModel(flow, arrays, misspelt({ engin: referenceEngine() })),
      refusal("engine"),
    );
    const classes = await opened(classifier);
    await assert.rejects(classes.predict(x, misspelt({ invalids: "nan" })), refusal("invalid"));
  });

  it("are refused outside their range", async () => {
    const runner = await opened(flow);
    const x = rowsFor(flow, 2);
    for (const call of [
      () => runner.score(x, { probes: 0 }),
      () => runner.score(x, { terms: 1.5 }),
      () => runner.score(x, { terms: 1e6 }),
      () => runner.score(x, { terms: 2 ** 53 }),
      () => runner.score(x, { probes: 1e9 }),
      () => runner.score(x, { first: -1 }),
      () => runner.score(x, { random: 3 as never }),
      () => runner.score(x, { logDet: "exakt" as never }),
      () => runner.score(x, { invalid: "drop" as never }),
      () => runner.sample(0, { random }),
      () => runner.sample(1e9, { random }),
      () => runner.sample(2, { random, temperature: NaN }),
      () => runner.inverse(x, { steps: -1 }),
      () => runner.inverse(x, { steps: 0 }),
      () => runner.inverse(x, { steps: 1e9 }),
      () => runner.inverse(x, { tolerance: NaN }),
    ]) {
      await assert.rejects(call, UsageError);
    }
  });
});

describe("rows that aren't finite", () => {
  const models: Readonly<Record<string, Density>> = {
    NICE: flow,
    "NICE, conditional": conditional,
    MAF: maf({ shape: [3], layers: 2, hidden: [4] }),
    "Real NVP": realNvp({ shape: [3], couplings: [2], widths: [4] }),
    Glow: glow({ shape: [3], steps: [2], widths: [4] }),
    "i-ResNet": iResNetDensity({ shape: [3], blocks: [2], widths: [4] }),
    FFJORD: ffjord({ shape: [3], widths: [4] }),
    "Glow of images": glow({ shape: [1, 2, 2], steps: [1], widths: [3] }),
  };
  for (const [name, model] of Object.entries(models)) {
    it(`are an error that names them, or NaN alone: ${name}`, async () => {
      const runner = await opened(model);
      const good = rowsFor(model, 5);
      const size = good.data.length / 5;
      const data = good.data.slice();
      data[size] = NaN;
      data[3 * size + 1] = -Infinity;
      const x = { shape: good.shape, data };
      const condition = conditionFor(model, 5);
      const options = { random, ...condition };
      const names = (error: unknown): true => {
        assert.ok(error instanceof DataError);
        assert.deepEqual(error.details.rows, [1, 3]);
        assert.match(error.message, /rows 1, 3/);
        return true;
      };
      await assert.rejects(runner.score(x, options), names);
      await assert.rejects(runner.forward(x, condition), names);

      const [scores, expected] = [
        await runner.score(x, { ...options, invalid: "nan" }),
        await runner.score(good, options),
      ];
      const kept = [0, 2, 4];
      assert.deepEqual(pick(scores.logProb, [1, 3]).data, Float32Array.of(NaN, NaN));
      assertClose(
        pick(scores.logProb, kept).data,
        pick(expected.logProb, kept).data,
        1e-6,
        "log p",
      );
      const z = await runner.forward(x, { ...condition, invalid: "nan" });
      const rightZ = await runner.forward(good, condition);
      assert.ok(pick(z, [1, 3]).data.every(Number.isNaN));
      assertClose(pick(z, kept).data, pick(rightZ, kept).data, 1e-6, "z");
      const back = await runner.inverse(z, { ...condition, invalid: "nan" });
      const isNaNAt = Array.from(back.data, Number.isNaN);
      assert.deepEqual(
        isNaNAt,
        isNaNAt.map((_, i) => [1, 3].includes(Math.floor(i / size))),
      );
      await assert.rejects(runner.inverse(z, condition), names);
    });
  }

  it("are NaN in a classifier's answers and by a condition alone", async () => {
    const runner = await opened(classifier);
    const x = ndarray([1, 2, NaN, 4, 5, 6], [2, 3]);
    await assert.rejects(runner.predict(x), DataError);
    const { data } = await runner.predict(x, { invalid: "nan" });
    assert.deepEqual(Array.from(data, Number.isNaN), [true, true, false, false]);
    const given = await opened(conditional);
    const condition = ndarray([0, 1, NaN, 0], [2, 2]);
    const rows = rowsFor(conditional, 2);
    await assert.rejects(given.score(rows, { condition }), /in condition, .* row 1/);
    const scores = await given.score(rows, { condition, invalid: "nan" });
    assert.deepEqual(Array.from(scores.logProb.data, Number.isNaN), [false, true]);
    await assert.rejects(given.sample(2, { random, condition }), DataError);
  });

  it("are all NaN if none is good", async () => {
    const runner = await opened(flow);
    const x = ndarray(Array<number>(6).fill(NaN), [2, 3]);
    const { logProb } = await runner.score(x, { invalid: "nan" });
    assert.deepEqual(logProb.data, Float32Array.of(NaN, NaN));
  });
});

it("an error of a solve says where, how far, and in which rows", async () => {
  const model: Model & Density = iResNetDensity({ shape: [2], blocks: [1], widths: [4] });
  const arrays = Object.fromEntries(
    Object.entries(model.scope.initialArrays(Random.fromSeed(1))).map(([name, array]) => [
      name,
      name.endsWith("weight") ? { ...array, data: array.data.map((w) => 6 * w) } : array,
    ]),
  );
  const runner = await openModel(model, arrays, { engine: referenceEngine() });
  const z = ndarray([0, 0, 30, -20], [2, 2]);
  const limits = { steps: 1, tolerance: 0 };
  const { checks } = await runner.attemptInverse(z, limits);
  const rows = Array.from(checks[0]!.perEvent.data).flatMap((r, row) => (r > 1e-5 ? [row] : []));
  assert.ok(rows.includes(1));
  await assert.rejects(runner.inverse(z, limits), (error) => {
    assert.ok(error instanceof ConvergenceError);
    const { block, residual, tolerance } = error.details;
    assert.deepEqual([block, tolerance], ["stages.0.blocks.0", 1e-5]);
    assert.ok(residual! > 1e-5);
    assert.deepEqual(error.details.rows, rows);
    return true;
  });
  const back = await runner.inverse(z, { ...limits, invalid: "nan" });
  assert.ok(Number.isNaN(back.data[2]!));
});
