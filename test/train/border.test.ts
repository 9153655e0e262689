import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { nodeEngine } from "../../src/engine/node.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { arrayData, toyData } from "../../src/data/index.js";
import { DataError, UsageError } from "../../src/errors.js";
import { add, div, mul, sqrt, square, sub } from "../../src/graph/index.js";
import { glow, iResNetDensity } from "../../src/models/index.js";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../../src/checkpoint/index.js";
import { fit, registerOptimizer, type TrainingOptions } from "../../src/train/index.js";
import { parseTrainingConfig } from "../../src/train/config.js";
import { changed } from "../support/data.js";

const model = iResNetDensity({ shape: [2], blocks: [1], widths: [4], c: 0.9 });
const training: TrainingOptions = {
  steps: 2,
  batchSize: 8,
  schedule: { kind: "constant", learningRate: 0.01 },
  logDet: { kind: "exact" },
};
const moons = toyData("moons");
const engine = referenceEngine();

describe("fit's border", () => {
  const misspelt: readonly [object, object, RegExp][] = [
    [{ weight: [1] }, {}, /fit: expected options of .* got "weight"/],
    [{ onProgess: () => undefined }, {}, /"onProgess"; did you mean "onProgress"\?/],
    [{}, { stepts: 4 }, /training configuration: .*"stepts"; did you mean "steps"\?/],
    [{}, { optimizer: { kind: "adm" } }, /optimizer[\s\S]*"adm"; did you mean "adam"\?|"adm"/],
    [{}, { optimizer: { kind: "adam", beta: 0.9 } }, /beta/],
  ];
  for (const [options, more, message] of misspelt) {
    it(`refuses ${Object.keys({ ...options, ...more }).join()}: ${String(message)}`, async () => {
      const run = fit(model, moons, { ...training, ...more }, { engine, ...options });
      await assert.rejects(run, (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it("never writes a checkpoint that isn't finite: values of 1e30 are named at the start", async () => {
    const flow = glow({ shape: [2], steps: [1], widths: [4] });
    const huge = changed(moons, ({ x }) => ({
      x: { shape: x.shape, data: Float32Array.from(x.data, (v) => 1e30 * v) },
    }));
    const saved: Checkpoint[] = [];
    const native = await nodeEngine({ threads: 1 }); // in float32
    const run = fit(flow, huge, training, {
      engine: native,
      checkpoint: (checkpoint) => {
        saved.push(checkpoint);
        return Promise.resolve();
      },
    });
    await assert.rejects(run, (error) => {
      assert.ok(error instanceof DataError);
      assert.match(
        error.message,
        /got .*(logScale|shift) with NaN or an infinite value from x of up/,
      );
      return true;
    });
    assert.deepEqual(saved, []);
    await native.close();
  });

  it("hands out what was found in the data", async () => {
    const x = {
      shape: [16, 3],
      data: Float64Array.from({ length: 48 }, (_, i) => (i % 3 === 1 ? 5 : Math.sin(i))),
    };
    const data = arrayData({ x, columns: ["a", "k", "b"], validation: 0, name: "mine" });
    const warnings: string[] = [];
    const checkpoint = await fit(model, data, training, {
      engine,
      onWarning: (warning) => warnings.push(warning),
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^mine: column "k": constant \(5 in all 16 training rows\)/);
    const { preprocessing } = data;
    assert.deepEqual(checkpoint.data, {
      name: "mine",
      shape: [2],
      pixels: false,
      classes: [],
      condition: 0,
      preprocessing,
    });
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(checkpoint), "bytes").data, checkpoint.data);
    const other = arrayData({ x: { ...x, data: x.data.map((v) => 2 * v) }, validation: 0 });
    await assert.rejects(
      fit(model, other, training, { engine, resume: checkpoint, onWarning: () => undefined }),
      /expected the data it began with, mine, got arrays with another preprocessing/,
    );
  });

  it("adds noise of one unit to whole-number columns, and to them alone", async () => {
    const whole = {
      shape: [64, 2],
      data: Float64Array.from({ length: 128 }, (_, i) => (i % 2 === 0 ? (i / 2) % 2 : Math.sin(i))),
    };
    const losses = async (seed: number): Promise<number> => {
      let found = NaN;
      await fit(
        model,
        arrayData({ x: whole, validation: 0 }),
        { ...training, seed, steps: 1, batchSize: 64, initialExamples: 64 },
        { engine, onProgress: ({ loss }) => (found = loss), onWarning: () => undefined },
      );
      return found;
    };
    // Without noise a column of 0 and 1 has no density; with it the loss is that of a flat one.
    assert.ok(Number.isFinite(await losses(1)));
    assert.notEqual(await losses(1), await losses(2));
  });
});

describe("registerOptimizer", () => {
  it("makes an optimizer of another package trainable and resumable", async () => {
    registerOptimizer({
      kind: "root-mean-square",
      schema: z.strictObject({
        kind: z.literal("root-mean-square"),
        floor: z.number().default(1e-3),
      }),
      create: ({ floor }) => ({
        slots: ["square"],
        apply: (p, g, { square: old }, { rate }) => {
          const next = add(mul(old!, 0.9), mul(square(g), 0.1));
          const value = sub(p, mul(div(g, add(sqrt(next), floor)), rate));
          return { value, slots: { square: next } };
        },
      }),
    });
    const options = { ...training, optimizer: { kind: "root-mean-square" } };
    assert.deepEqual(parseTrainingConfig(options).optimizer, {
      kind: "root-mean-square",
      floor: 1e-3,
    });
    const stop = AbortSignal.abort();
    const start = await fit(model, moons, options, { engine, signal: stop });
    const whole = await fit(model, moons, options, { engine });
    const read = decodeCheckpoint(encodeCheckpoint(start), "bytes");
    const resumed = await fit(model, moons, options, { engine, resume: read });
    assert.deepEqual(resumed.arrays, whole.arrays);
    assert.ok(Object.keys(whole.arrays).some((name) => name.startsWith("optimizer.square.")));
    const schema = z.strictObject({ kind: z.literal("adam") });
    assert.throws(() => {
      registerOptimizer({
        kind: "adam",
        schema,
        create: () => ({ slots: [], apply: (value) => ({ value, slots: {} }) }),
      });
    }, /got "adam", which is taken/);
    assert.throws(
      () => parseTrainingConfig({ ...options, optimizer: { kind: "lion" } }),
      UsageError,
    );
  });
});
