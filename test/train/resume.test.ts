import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { arrayData, type DataSet } from "../../src/data/index.js";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../../src/checkpoint/index.js";
import { iResNetDensity, type Model } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { fit, type TrainingOptions } from "../../src/train/index.js";
import { ndarray } from "../../src/tree.js";

/** Nothing but the arguments is shared between two calls: as in two processes. */
async function train(training: TrainingOptions, saved?: Uint8Array): Promise<Uint8Array[]> {
  const engine = await nodeEngine({ threads: 2 });
  const bytes: Uint8Array[] = [];
  await fit(makeModel(), makeData(), training, {
    engine,
    ...(saved && { resume: decodeCheckpoint(saved, "saved") }),
    checkpointEvery: 10,
    checkpoint: async (checkpoint) => {
      await Promise.resolve();
      bytes.push(encodeCheckpoint(checkpoint));
    },
  });
  await engine.close();
  return bytes;
}

function makeModel(): Model {
  return iResNetDensity({
    shape: [1, 4, 4],
    blocks: [1, 1],
    widths: [8],
    activation: "elu",
    c: 0.9,
    pixels: "logit",
  });
}

/** Epochs of 4 steps, so that runs cross many of them. */
function makeData(): DataSet {
  const random = Random.fromSeed(5);
  const pixels = random.split("pixels").uniform(36 * 16);
  const x = ndarray(
    pixels.map((u) => Math.floor(256 * u)),
    [36, 1, 4, 4],
  );
  return arrayData({ x, validation: 0 });
}

function assertSame(a: Checkpoint, b: Checkpoint): void {
  assert.deepEqual(Object.keys(a.arrays), Object.keys(b.arrays));
  for (const [name, { data }] of Object.entries(a.arrays)) {
    const bits = (array: Float32Array): Uint32Array =>
      Uint32Array.from(new Uint32Array(array.slice().buffer));
    assert.deepEqual(bits(data), bits(b.arrays[name]!.data), name);
  }
}

describe("a resumed run", () => {
  const common: TrainingOptions = {
    seed: 11,
    steps: 20,
    batchSize: 8,
    schedule: { kind: "cosine", learningRate: 0.01, warmup: 15 },
    initialExamples: 32,
  };
  const runs: Readonly<Record<string, TrainingOptions>> = {
    "Adam, moving averages, Neumann series": { ...common, ema: 0.95 },
    "Muon, and Adam for the rest": {
      ...common,
      optimizer: { kind: "muon", weightDecay: 0.01 },
      schedule: { kind: "linear", learningRate: 0.05, warmup: 3 },
      ema: 0.9,
    },
    "SGD, clipping, Gaussian probes of the series": {
      ...common,
      optimizer: { kind: "sgd", weightDecay: 1e-3 },
      schedule: { kind: "step", learningRate: 1e-3, milestones: [15], factor: 0.1 },
      clip: 1,
      logDet: { kind: "series", terms: 3, probes: 2, noise: "normal" },
    },
  };
  for (const [name, training] of Object.entries(runs)) {
    it(`equals one that never stopped, bit for bit: ${name}`, async () => {
      const [half, whole] = await train(training);
      const [resumed] = await train(training, half);
      const [a, b, c] = [half!, whole!, resumed!].map((bytes) => decodeCheckpoint(bytes, "run"));
      assert.deepEqual([a?.training?.step, b?.training?.step, c?.training?.step], [10, 20, 20]);
      assertSame(b!, c!);
      assert.throws(() => {
        assertSame(a!, b!);
      });
    });
  }
});

describe("a run stopped during a validation", () => {
  const training: TrainingOptions = {
    steps: 4,
    batchSize: 8,
    schedule: { kind: "constant", learningRate: 0.01 },
    initialExamples: 32,
  };

  /** Losses by step, validations by step, and the last state of a run. */
  async function run(
    stopAt?: number,
    resume?: Checkpoint,
  ): Promise<{ reports: [number, number, boolean][]; saved: Checkpoint }> {
    await using engine = await nodeEngine({ threads: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const reports: [number, number, boolean][] = [];
    let step = resume?.training?.step ?? 0;
    let saved: Checkpoint | undefined;
    const last = await fit(makeModel(), makeData(), training, {
      engine,
      signal,
      ...(resume && { resume }),
      onProgress: (progress) => (step = progress.step),
      validate: async () => {
        await Promise.resolve();
        if (step === stopAt) controller.abort();
        signal.throwIfAborted();
        return { "nll (nats)": -step };
      },
      validateEvery: 2,
      onReport: async ({ step, loss, validation }) => {
        await Promise.resolve();
        reports.push([step, loss, validation !== undefined]);
      },
      checkpoint: async (checkpoint) => {
        await Promise.resolve();
        saved = decodeCheckpoint(encodeCheckpoint(checkpoint), "saved");
      },
    });
    assert.deepEqual(saved?.training, last.training);
    return { reports, saved: saved! };
  }

  for (const stopAt of [2, 4]) {
    it(`after step ${stopAt} of 4 owes it, and comes to the same reports and bits`, async () => {
      const whole = await run();
      assert.deepEqual(
        whole.reports.map(([step, , validated]) => [step, validated]),
        [
          [2, true],
          [4, true],
        ],
      );
      const stopped = await run(stopAt);
      assert.deepEqual(stopped.reports, whole.reports.slice(0, stopAt / 2 - 1));
      assert.equal(stopped.saved.training?.step, stopAt);
      assert.ok(stopped.saved.training.due);
      const resumed = await run(undefined, stopped.saved);
      assert.deepEqual([...stopped.reports, ...resumed.reports], whole.reports);
      assert.deepEqual(resumed.saved.training?.best, whole.saved.training?.best);
      assert.equal(resumed.saved.training?.due, undefined);
      assertSame(resumed.saved, whole.saved);
    });
  }
});
