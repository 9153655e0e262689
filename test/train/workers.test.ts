import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Engine } from "../../src/engine/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import type { Checkpoint } from "../../src/checkpoint/index.js";
import { arrayData, type DataSet } from "../../src/data/index.js";
import { iResNetClassifier, iResNetDensity, type Model } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { fit, type TrainingOptions } from "../../src/train/index.js";
import { ndarray, type Arrays } from "../../src/tree.js";
import { changed } from "../support/data.js";

const training: TrainingOptions = {
  seed: 4,
  steps: 3,
  batchSize: 8,
  optimizer: { kind: "sgd", weightDecay: 0.01 },
  schedule: { kind: "constant", learningRate: 0.01 },
  clip: 1,
  ema: 0.9,
  initialExamples: 16,
};
const random = Random.fromSeed(6);

const density = iResNetDensity({
  shape: [1, 4, 4],
  blocks: [1, 1],
  widths: [4],
  activation: "elu",
  c: 0.9,
});

/** Without a bound it has batch normalisation, before anything else. */
const classifier = iResNetClassifier({
  shape: [1, 4, 4],
  classes: 2,
  blocks: [1],
  widths: [4],
  squeezeFirst: false,
  channels: 4,
  activation: "elu",
  c: null,
  centre: { mean: 128, deviation: 74 },
});

/** Noise as images, labelled in turn. */
function noise(): DataSet {
  const count = 40;
  const pixels = random.split("pixels").uniform(count * 16);
  const x = ndarray(
    pixels.map((u) => Math.floor(256 * u)),
    [count, 1, 4, 4],
  );
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  return arrayData({ x, labels, validation: 0 });
}

const references = (count: number): Engine[] => Array.from({ length: count }, referenceEngine);

function train(model: Model, workers: readonly Engine[], more = {}): Promise<Checkpoint> {
  const engine = workers[0] ?? referenceEngine();
  return fit(model, noise(), { ...training, ...more }, { engine, workers });
}

function assertClose(actual: Arrays, expected: Arrays, names = Object.keys(expected)): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const name of names) {
    expected[name]!.data.forEach((value, i) => {
      const got = actual[name]!.data[i]!;
      assert.ok(Math.abs(got - value) <= 1e-5 * (1 + Math.abs(value)), `${name}: ${got}, ${value}`);
    });
  }
}

describe("workers", () => {
  for (const count of [2, 4]) {
    it(`take together the steps that one takes, noise included: ${count}`, async () => {
      const whole = await train(density, references(1));
      assertClose((await train(density, references(count))).arrays, whole.arrays);
      const start = await train(density, references(1), { steps: 1 });
      assert.throws(() => {
        assertClose(start.arrays, whole.arrays);
      });
    });
  }

  it("take Muon's steps together too", async () => {
    const muon = { optimizer: { kind: "muon", rest: { kind: "sgd" } } } as const;
    const whole = await train(density, references(1), muon);
    assertClose((await train(density, references(2), muon)).arrays, whole.arrays);
  });

  it("take the statistics of batch normalisation from the whole batch", async () => {
    const one = await train(classifier, references(1));
    assertClose((await train(classifier, references(2))).arrays, one.arrays);
    assert.ok(Object.keys(one.arrays).some((name) => name.endsWith(".variance")));
  });

  it("must share a batch equally", async () => {
    for (const count of [0, 3, 16]) {
      await assert.rejects(train(density, references(count)), {
        name: "UsageError",
        message:
          /expected a number of workers or processes that divides the batch of 8, got \d+; choose/,
      });
    }
  });
});

describe("workers in threads", () => {
  let workers: Engine[] = [];
  before(async () => {
    workers = await Promise.all([1, 2].map(() => nodeEngine({ threads: 1 })));
  });
  after(() => Promise.all(workers.map((worker) => worker.close())));

  const long = { steps: 12, optimizer: { kind: "adam" } } as const;

  it("give the same bits again, interrupted or not", async () => {
    const [whole, again] = [
      await train(density, workers, long),
      await train(density, workers, long),
    ];
    assert.deepEqual(again.arrays, whole.arrays);
    const controller = new AbortController();
    const source = noise();
    const options = { engine: workers[0]!, workers };
    const resume = await fit(
      density,
      source,
      { ...training, ...long },
      {
        ...options,
        signal: controller.signal,
        onProgress: ({ step }) => {
          if (step === 5) controller.abort();
        },
      },
    );
    assert.equal(resume.training?.step, 5);
    const resumed = await fit(density, source, { ...training, ...long }, { ...options, resume });
    assert.deepEqual(resumed.arrays, whole.arrays);
  });

  it("keep the last good state if the part of one isn't finite", async () => {
    const source = noise();
    const broken = changed(source, ({ x, ...rest }, call) => {
      const data = Float32Array.from(x.data);
      // The first call initialises; then come two of each step; once one has failed, its whole batch.
      if (call >= 6) data[data.length - 1] = NaN;
      return { x: { shape: x.shape, data }, ...rest };
    });
    const saved: Checkpoint[] = [];
    const run = fit(
      density,
      broken,
      { ...training, ...long },
      {
        engine: workers[0]!,
        workers,
        checkpoint: async (checkpoint) => {
          await Promise.resolve();
          saved.push(checkpoint);
        },
      },
    );
    await assert.rejects(run, { name: "DivergenceError", message: /step 3: .*batch itself \(x\)/ });
    const [last] = saved;
    assert.equal(last?.training?.step, 2);
    const options = { engine: workers[0]!, workers, resume: last };
    const resumed = await fit(density, source, { ...training, ...long }, options);
    assert.deepEqual(resumed.arrays, (await train(density, workers, long)).arrays);
  });
});
