import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  arrayData,
  createModel,
  fit,
  openRunner,
  Random,
  type AnyRunner,
  type DataSet,
  type NumberArray,
} from "../../src/index.js";
import type { JsonObject } from "../../src/json.js";
import { mean } from "../../src/measure/index.js";
import { testEngine } from "../support/engine.js";

const rows = 300;
const random = Random.fromSeed(1);
const noise = Random.fromSeed(2).normal(2 * rows);
const densities: Readonly<Record<string, JsonObject>> = {
  "i-resnet-density": { blocks: [2], widths: [8] },
  maf: { layers: 2, hidden: [8] },
  glow: { steps: [2], widths: [8] },
};
const training = {
  steps: 60,
  batchSize: 64,
  schedule: { kind: "constant", learningRate: 0.01 },
} as const;

/** Rows `[rows, columns.length]` of a function of each row for each column. */
function table(...columns: readonly ((row: number) => number)[]): NumberArray {
  const data = Float64Array.from({ length: rows * columns.length }, (_, i) =>
    columns[i % columns.length]!(Math.floor(i / columns.length)),
  );
  return { shape: [rows, columns.length], data };
}

const real = (row: number): number => noise[row]!;
const other = (row: number): number => noise[rows + row]!;

const engine = await testEngine();

async function trained(kind: string, data: DataSet, warnings: string[] = []): Promise<AnyRunner> {
  const model = createModel(kind, { shape: data.shape, ...densities[kind] });
  const onWarning = (warning: string): void => void warnings.push(warning);
  return openRunner(await fit(model, data, training, { engine, onWarning }), { engine });
}

describe("constant, copied, binary or whole-number columns", () => {
  const columns = ["real", "seven", "copy", "binary", "count"];
  const data = arrayData({
    x: table(
      real,
      () => 7,
      real,
      (row) => row % 2,
      (row) => Math.round(5 * other(row)),
    ),
    columns,
  });

  for (const kind of Object.keys(densities)) {
    it(`are named, left out or made real, end to end: ${kind}`, async () => {
      const warnings: string[] = [];
      const runner = await trained(kind, data, warnings);
      assert.deepEqual(data.shape, [3]);
      assert.equal(warnings.length, 3);
      for (const [i, found] of [
        /"seven": constant \(7 in all 270/,
        /"copy": equal to "real"/,
        /"binary", "count": whole numbers; .* lower bound/,
      ].entries()) {
        assert.match(warnings[i]!, found);
      }

      const x = {
        shape: [4, 5],
        data: [0.1, 7, 0.1, 0, 3, 0.1, 7.001, 0.1, 1, 3, 0.1, 7, 0.2, 1, 3, -0.5, 7, -0.5, 1, -2],
      };
      const { logProb, isBound, deviations } = await runner.score(x, { random });
      assert.equal(isBound, true);
      assert.deepEqual(deviations, [
        { row: 1, column: "seven", expected: 7, got: 7.001 },
        { row: 2, column: "copy", expected: 0.1, got: 0.2 },
      ]);
      assert.deepEqual([...logProb.data].map(Number.isFinite), [true, false, false, true]);
      assert.deepEqual([...logProb.data.subarray(1, 3)], [-Infinity, -Infinity]);

      const samples = await runner.sample(50, { random });
      assert.deepEqual(samples.shape, [50, 5]);
      for (let i = 0; i < samples.data.length; i += 5) {
        const [a, seven, copy, binary, whole] = samples.data.subarray(i, i + 5);
        assert.equal(seven, 7);
        assert.equal(copy, a);
        assert.ok(Number.isInteger(binary) && Number.isInteger(whole));
      }
      const again = await runner.score(samples, { random });
      assert.ok(again.logProb.data.every(Number.isFinite), again.logProb.data.join(" "));
      await runner.close();
    });
  }

  it("have a likelihood that doesn't fall without end: 0 and 1, evenly, is ln 2 nats", async () => {
    const x = table((row) => Number(other(row) > 0), real);
    const alone = arrayData({ x: table(real, other) });
    const [binary, normal] = [await trained("maf", arrayData({ x })), await trained("maf", alone)];
    const nats = -mean((await binary.score(x, { random })).logProb.data);
    // What the other column has, a normal one, is ½ ln 2πe.
    const least = Math.log(2) + Math.log(2 * Math.PI * Math.E) / 2;
    assert.ok(nats > least - 0.15, `${nats}, at least ${least}`);
    assert.equal((await normal.score(table(real, other))).isBound, false);
  });
});

describe("digits that float32 loses", () => {
  const seconds = (row: number): number => 1_764_200_000 + 60 * Math.tanh(real(row));

  it("are kept where an offset carries them: unix times within a minute", async () => {
    const data = arrayData({ x: table(seconds, other) });
    assert.deepEqual(data.warnings, []);
    const centred = arrayData({ x: table((row) => seconds(row) - 1_764_200_000, other) });
    const [unix, near] = [await trained("maf", data), await trained("maf", centred)];
    const [a, b] = [
      await unix.score(table(seconds, other)),
      await near.score(table((row) => seconds(row) - 1_764_200_000, other)),
    ];
    a.logProb.data.forEach((logProb, row) => {
      assert.ok(Math.abs(logProb - b.logProb.data[row]!) < 0.01, `row ${row}`);
    });
    const samples = await unix.sample(100, { random });
    const times = new Set(samples.data.filter((_, i) => i % 2 === 0));
    assert.equal(times.size, 100);
    const z = await unix.forward(table(seconds, other));
    const back = await unix.inverse(z);
    back.data.forEach((value, i) => {
      if (i % 2 === 0) assert.ok(Math.abs(value - seconds(i / 2)) < 1e-3, `${value}`);
    });
  });

  it("are warned of where they are lost all the same", () => {
    const { shape, data } = table(seconds, other);
    const rounded = arrayData({ x: { shape, data: Float32Array.from(data) } });
    assert.match(rounded.warnings.join(), /column "0": .*float32/);
    const far = arrayData({
      x: table((row) => (row === 7 ? 1e12 : real(row)), other),
      validation: 0,
    });
    assert.match(far.warnings.join(), /column "0": float32 keeps \d+ of 300 distinct values/);
  });
});
