import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { arrayData, toyData } from "../../src/data/index.js";
import { UsageError } from "../../src/errors.js";
import { iResNetDensity, maf } from "../../src/models/index.js";
import { inferenceArrays, type Checkpoint } from "../../src/checkpoint/index.js";
import { fit } from "../../src/train/index.js";
import type { Arrays } from "../../src/tree.js";
import { assertClose } from "../support/values.js";

const flow = maf({ shape: [2], layers: 2, hidden: [4] });
const training = {
  steps: 4,
  batchSize: 16,
  schedule: { kind: "constant", learningRate: 0.01 },
  ema: 0.5,
} as const;

/** 32 rows: an epoch of two batches. */
const x = {
  shape: [32, 2],
  data: Float64Array.from({ length: 64 }, (_, i) => 3 * Math.sin(i * i) + (i % 2)),
};
const data = arrayData({ x, validation: 0 });

const train = (more = {}, options = {}): Promise<Checkpoint> =>
  fit(flow, data, { ...training, ...more }, { engine: referenceEngine(), ...options });

const firstNorm = flow.scope.variables
  .map(({ name }) => name)
  .filter((name) => /layers\.0\.norm\.(mean|variance)$/.test(name));

describe("running statistics", () => {
  it("settle on the training data: those of layer 0 are a pass over all rows", async () => {
    // At a rate of 0 the first network keeps its weights, so what enters its normalisation is fixed.
    const schedule = { kind: "constant", learningRate: 1e-30 } as const;
    const whole = await train({ schedule, batchSize: 32, steps: 1, ema: null });
    const parts = await train({ schedule, ema: null });
    const [one, four] = [inferenceArrays(whole.arrays), inferenceArrays(parts.arrays)];
    assert.equal(firstNorm.length, 2);
    for (const name of firstNorm) {
      one[name]!.data.forEach((value, i) => {
        assert.ok(
          Math.abs(four[name]!.data[i]! - value) < 1e-5,
          `${name}: ${four[name]!.data[i]!}`,
        );
      });
      assert.notDeepEqual(parts.arrays[name], four[name]);
    }
  });

  it("are the same in what is validated, kept as the best, and used", async () => {
    const seen: Arrays[] = [];
    const best: Arrays[] = [];
    const { arrays } = await train(
      {},
      {
        validateEvery: 4,
        validate: (measured: Arrays) => {
          seen.push(measured);
          return Promise.resolve({ nats: 1 });
        },
        onBest: (measured: Arrays) => {
          best.push(measured);
          return Promise.resolve();
        },
      },
    );
    assert.equal(seen.length, 1);
    assert.deepEqual(best, seen);
    assert.deepEqual(inferenceArrays(arrays), seen[0]);
    assert.deepEqual(
      Object.keys(seen[0]!).sort(),
      flow.scope.variables.map(({ name }) => name).sort(),
    );
  });

  it("leave no trace in a run that goes on", async () => {
    const stop = new AbortController();
    const onProgress = ({ step }: { step: number }): void => {
      if (step === 2) stop.abort();
    };
    const engine = await nodeEngine({ threads: 1 });
    const half = await train({}, { engine, signal: stop.signal, onProgress });
    assert.equal(half.training?.step, 2);
    assert.ok(Object.keys(half.arrays).some((name) => name.startsWith("settled.")));
    const [resumed, whole] = [
      await train({}, { engine, resume: half }),
      await train({}, { engine }),
    ];
    assert.deepEqual(resumed.arrays, whole.arrays);
    await engine.close();
  });

  it("don't occur without batch normalisation", async () => {
    const model = iResNetDensity({ shape: [2], blocks: [1], widths: [4], c: 0.9 });
    const { arrays } = await fit(model, data, training, { engine: referenceEngine() });
    assert.ok(!Object.keys(arrays).some((name) => name.startsWith("settled.")));
  });
});

describe("batch normalisation", () => {
  it("gives the same result on one worker and on two", async () => {
    const two = { workers: [referenceEngine(), referenceEngine()] };
    // Adam would scale the rounding of gradients that are 0, of shifts before a normalisation, to steps.
    const sgd = { optimizer: { kind: "sgd" } };
    const [shared, whole] = [(await train(sgd, two)).arrays, (await train(sgd)).arrays];
    assert.deepEqual(Object.keys(shared), Object.keys(whole));
    for (const [name, { data }] of Object.entries(whole)) {
      assertClose(shared[name]!.data, data, 1e-6, name);
    }
  });

  it("refuses fewer examples than it needs", async () => {
    for (const few of [{ batchSize: 15 }, { initialExamples: 12 }]) {
      await assert.rejects(
        fit(flow, toyData("moons"), { ...training, ...few }, { engine: referenceEngine() }),
        (error) => {
          assert.ok(error instanceof UsageError);
          assert.match(
            error.message,
            /at least 16 for the batch normalisation of maf, got (batchSize 15|initialExamples 12);/,
          );
          return true;
        },
      );
    }
  });
});
