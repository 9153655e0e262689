import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { closable } from "../../src/closable.js";
import type { Engine, Session } from "../../src/engine/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import {
  CheckpointError,
  DataError,
  DivergenceError,
  ShapeError,
  UsageError,
} from "../../src/errors.js";
import { inferenceArrays, type Checkpoint } from "../../src/checkpoint/index.js";
import { iResNetClassifier, iResNetDensity, type Model } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import {
  fit,
  parseTrainingConfig,
  toyBatches,
  vectorBatches,
  type BatchSource,
  type FitOptions,
  type Report,
  type TrainingOptions,
} from "../../src/train/index.js";
import { ndarray, type Arrays } from "../../src/tree.js";

const density = iResNetDensity({
  shape: [2],
  blocks: [3],
  widths: [16],
  activation: "elu",
  c: 0.9,
  pixels: "centre",
});
const batchSize = 64;
const random = Random.fromSeed(7);
const moons = toyBatches("moons", { batchSize, random });
const training: TrainingOptions = {
  seed: 3,
  steps: 200,
  batchSize,
  schedule: { kind: "cosine", learningRate: 0.05, warmup: 5 },
  logDet: { kind: "exact" },
};

/** Two classes of 4x4 images, bright at the top or at the bottom. */
function stripes(): { model: Model; source: BatchSource } {
  const [count, size] = [256, 16];
  const noise = random.split("stripes").uniform(count * size);
  const isTop = (i: number, pixel: number): boolean => pixel < 8 === (i % 2 === 0);
  const x = noise.map((u, at) => 100 * u + (isTop(Math.floor(at / size), at % size) ? 40 : 0));
  const y = Array.from({ length: count * 2 }, (_, at) => ((at >> 1) % 2 === at % 2 ? 1 : 0));
  const model = iResNetClassifier({
    shape: [1, 4, 4],
    classes: 2,
    blocks: [1, 1],
    widths: [8, 8],
    squeezeFirst: false,
    channels: 4,
    activation: "elu",
    c: 0.9,
    centre: { mean: 70, deviation: 35 },
  });
  const tables = { x: ndarray(x, [count, 1, 4, 4]), y: ndarray(y, [count, 2]) };
  return { model, source: vectorBatches(tables, { batchSize: 32, random }) };
}

function isFinite(arrays: Arrays): boolean {
  return Object.values(arrays).every(({ data }) => data.every(Number.isFinite));
}

describe("fit", () => {
  let engine: Engine;
  before(async () => {
    engine = await nodeEngine({ threads: 1 });
  });
  after(() => engine.close());

  it("learns a 2-D density better than any Gaussian", async () => {
    const losses: number[] = [];
    const checkpoint = await fit(density, moons, training, {
      engine,
      onProgress: ({ loss }) => losses.push(loss),
    });
    assert.equal(losses.length, 200);
    const last = losses.slice(-20).reduce((total, loss) => total + loss, 0) / 20;
    const gaussian = gaussianEntropy(moons.examples(4096).x!.data);
    assert.ok(last < gaussian - 0.25, `${last} nats, a Gaussian has ${gaussian}`);
    assert.equal(checkpoint.training?.step, 200);
    assert.ok(checkpoint.training.elapsedSeconds > 0);
  });

  it("learns to classify images, with momentum, decay and clipping", async () => {
    const { model, source } = stripes();
    const reports: Report[] = [];
    const options: TrainingOptions = {
      steps: 60,
      batchSize: 32,
      optimizer: { kind: "sgd", weightDecay: 5e-4, nesterov: true },
      schedule: { kind: "step", learningRate: 0.05, milestones: [40], factor: 0.2 },
      clip: 2,
    };
    await fit(model, source, options, {
      engine,
      reportEvery: 10,
      onReport: async (report) => {
        await Promise.resolve();
        reports.push(report);
      },
    });
    const [first, last] = [reports[0]!, reports.at(-1)!];
    assert.deepEqual(
      reports.map(({ step }) => step),
      [10, 20, 30, 40, 50, 60],
    );
    assert.ok(last.loss < 0.1 && last.loss < first.loss / 3, `${first.loss} to ${last.loss}`);
    assert.ok(last.metrics["error (%)"]! < 2, `error ${last.metrics["error (%)"]!} %`);
    assert.equal(last.learningRate, 0.05 * 0.2);
  });

  it("validates with the moving averages, and keeps the best", async () => {
    const seen: { step: number; arrays: Arrays }[] = [];
    const values = [3, 1, 2];
    const bests: Arrays[] = [];
    const reports: Report[] = [];
    const checkpoint = await fit(
      density,
      moons,
      { ...training, steps: 6, ema: 0.9 },
      {
        engine,
        validateEvery: 2,
        validate: async (arrays) => {
          await Promise.resolve();
          seen.push({ step: 2 * (seen.length + 1), arrays });
          return { nats: values[seen.length - 1]! };
        },
        onBest: async (arrays) => {
          await Promise.resolve();
          bests.push(arrays);
        },
        onReport: async (report) => {
          await Promise.resolve();
          reports.push(report);
        },
      },
    );
    assert.deepEqual(
      reports.map(({ step, validation }) => [step, validation]),
      [
        [2, { nats: 3 }],
        [4, { nats: 1 }],
        [6, { nats: 2 }],
      ],
    );
    assert.deepEqual(checkpoint.training?.best, { step: 4, value: 1 });
    assert.deepEqual(
      bests,
      seen.slice(0, 2).map(({ arrays }) => arrays),
    );
    const [variable] = density.scope.variables.filter(({ kind }) => kind === "parameter");
    const { name } = variable!;
    const last = seen.at(-1)!.arrays;
    assert.deepEqual(
      Object.keys(last).sort(),
      density.scope.variables.map((known) => known.name).sort(),
    );
    assert.deepEqual(last[name], checkpoint.arrays[`ema.${name}`]);
    assert.notDeepEqual(last[name], checkpoint.arrays[name]);
    assert.deepEqual(inferenceArrays(checkpoint.arrays), last);
  });

  it("initialises from data: the first loss is near that of a fitted Gaussian", async () => {
    const shifted: BatchSource = {
      count: Infinity,
      batch: (step) => moved(moons.batch(step)),
      examples: (n) => moved(moons.examples(n)),
    };
    const losses: number[] = [];
    await fit(
      density,
      shifted,
      { ...training, steps: 1 },
      {
        engine,
        onProgress: ({ loss }) => losses.push(loss),
      },
    );
    // Without it, points about 100 from the origin would cost thousands of nats.
    assert.ok(losses[0]! < 5, `${losses[0]!}`);
  });

  it("stops a diverging run at the last good state, naming the block", async () => {
    const saved: Checkpoint[] = [];
    const poisoned: TrainingOptions = {
      ...training,
      optimizer: { kind: "sgd" },
      schedule: { kind: "constant", learningRate: 1e20 },
    };
    const run = fit(density, moons, poisoned, {
      engine,
      checkpoint: async (checkpoint) => {
        await Promise.resolve();
        saved.push(checkpoint);
      },
    });
    await assert.rejects(run, (error) => {
      assert.ok(error instanceof DivergenceError);
      assert.match(
        error.message,
        /step \d+: .* block stages\.0\.blocks\.\d; start again with a lower/,
      );
      return true;
    });
    assert.equal(saved.length, 1);
    assert.ok(isFinite(saved[0]!.arrays));
  });

  it("blames the update if it overflows, and doesn't store it", async () => {
    const saved: Checkpoint[] = [];
    const schedule = { kind: "constant", learningRate: 1e300 } as const;
    const run = fit(
      density,
      moons,
      { ...training, schedule },
      {
        engine,
        checkpoint: async (checkpoint) => {
          await Promise.resolve();
          saved.push(checkpoint);
        },
      },
    );
    await assert.rejects(run, { name: "DivergenceError", message: /step 1: .*the update/ });
    assert.equal(saved[0]?.training?.step, 0);
    assert.ok(isFinite(saved[0].arrays));
  });

  it("blames the batch if it isn't finite", async () => {
    const source: BatchSource = {
      ...moons,
      batch: (step) => (step === 2 ? broken(moons.batch(step)) : moons.batch(step)),
    };
    await assert.rejects(fit(density, source, training, { engine }), {
      name: "DivergenceError",
      message: /step 3: .*the batch itself \(x\); check the data/,
    });
  });

  it("refuses examples that aren't finite", async () => {
    const source: BatchSource = { ...moons, examples: (n) => broken(moons.examples(n)) };
    await assert.rejects(fit(density, source, training, { engine }), DataError);
  });

  it("saves and returns when aborted", async () => {
    const controller = new AbortController();
    const saved: number[] = [];
    const checkpoint = await fit(density, moons, training, {
      engine,
      signal: controller.signal,
      checkpointEvery: 2,
      onProgress: ({ step }) => {
        if (step === 5) controller.abort();
      },
      checkpoint: async ({ training: state }) => {
        await Promise.resolve();
        saved.push(state!.step);
      },
    });
    assert.equal(checkpoint.training?.step, 5);
    assert.deepEqual(saved, [2, 4, 5]);
  });

  const failures: Readonly<Record<string, Partial<FitOptions> & { source?: BatchSource }>> = {
    "the source": {
      source: {
        ...moons,
        batch: (step) => {
          if (step === 3) throw new DataError("no more");
          return moons.batch(step);
        },
      },
    },
    validate: { validateEvery: 3, validate: () => Promise.reject(new DataError("no more")) },
    onReport: { reportEvery: 3, onReport: () => Promise.reject(new DataError("no more")) },
  };
  for (const [name, { source = moons, ...failing }] of Object.entries(failures)) {
    it(`saves when ${name} fails, and goes on to the same bits`, async () => {
      const short = { ...training, steps: 5 };
      const saved: Checkpoint[] = [];
      const run = fit(density, source, short, {
        engine,
        ...failing,
        checkpoint: async (checkpoint) => {
          await Promise.resolve();
          saved.push(checkpoint);
        },
      });
      await assert.rejects(run, { name: "DataError", message: "no more" });
      assert.deepEqual(
        saved.map((checkpoint) => checkpoint.training?.step),
        [3],
      );
      const resumed = await fit(density, moons, short, { engine, resume: saved[0]! });
      const whole = await fit(density, moons, short, { engine });
      assert.deepEqual(resumed.arrays, whole.arrays);
    });
  }

  it("asks a resumed run for a better value than its best", async () => {
    const options = { ...training, steps: 2 };
    const bests: number[] = [];
    const train = (value: number, more: Partial<FitOptions>): Promise<Checkpoint> =>
      fit(density, moons, options, {
        engine,
        ...more,
        validateEvery: 1,
        validate: () => Promise.resolve({ nats: value }),
        onBest: async () => {
          await Promise.resolve();
          bests.push(value);
        },
      });
    const controller = new AbortController();
    const onProgress = (): void => {
      controller.abort();
    };
    const resume = await train(2, { signal: controller.signal, onProgress });
    await train(3, { resume });
    await train(NaN, { resume });
    const { training: state } = await train(1, { resume });
    assert.deepEqual(bests, [2, 1]);
    assert.deepEqual(state?.best, { step: 2, value: 1 });
  });

  it("says why it ended, even if it can't save", async () => {
    const run = fit(density, moons, training, {
      engine,
      reportEvery: 1,
      onReport: () => Promise.reject(new DataError("first")),
      checkpoint: () => Promise.reject(new DataError("second")),
    });
    await assert.rejects(run, { message: "first" });
  });

  it("prepares the next batch while a step runs", async () => {
    const events: string[] = [];
    const watched: Engine = {
      description: engine.description,
      createStore: (arrays) => engine.createStore(arrays),
      ...closable(() => engine.close()),
      load: async (graph) => {
        const session = await engine.load(graph);
        if (!graph.guard.includes("loss")) return session;
        const run: Session["run"] = async (feeds, store) => {
          events.push("step");
          const results = await session.run(feeds, store);
          events.push("done");
          return results;
        };
        return { inputs: session.inputs, run, ...closable(() => session.close()) };
      },
    };
    const source: BatchSource = {
      ...moons,
      batch: (step) => {
        events.push(`batch ${step}`);
        return moons.batch(step);
      },
    };
    await fit(density, source, { ...training, steps: 3 }, { engine: watched });
    const expected = "batch 0, step, batch 1, done, step, batch 2, done, step, done";
    assert.equal(events.join(", "), expected);
  });

  it("takes a step of the clipped length, and averages", async () => {
    const options: TrainingOptions = {
      ...training,
      steps: 1,
      optimizer: { kind: "sgd" },
      schedule: { kind: "constant", learningRate: 0.5 },
      clip: 0.1,
      ema: 0.75,
    };
    const { arrays: start } = await fit(density, moons, options, {
      engine,
      signal: AbortSignal.abort(),
    });
    const { arrays: end } = await fit(density, moons, options, { engine });
    let squares = 0;
    for (const { name, kind } of density.scope.variables) {
      if (kind === "state") continue;
      const [before, now, average] = [start[name]!, end[name]!, end[`ema.${name}`]!];
      now.data.forEach((value, i) => {
        const change = value - before.data[i]!;
        squares += change ** 2;
        assert.ok(Math.abs(average.data[i]! - before.data[i]! - 0.25 * change) < 1e-6, name);
      });
    }
    assert.ok(Math.abs(Math.sqrt(squares) - 0.5 * 0.1) < 1e-5, `moved by ${Math.sqrt(squares)}`);
  });

  it("refuses a batch of another shape", async () => {
    const tables = { x: ndarray(new Float32Array(30), [10, 3]) };
    const source = vectorBatches(tables, { batchSize: 5, random });
    await assert.rejects(fit(density, source, training, { engine }), ShapeError);
    const { model } = stripes();
    await assert.rejects(fit(model, moons, training, { engine }), ShapeError);
  });

  it("refuses a batch of another size than the configuration's", async () => {
    await assert.rejects(fit(density, moons, { ...training, batchSize: 32 }, { engine }), {
      name: "UsageError",
      message: /expected batches of batchSize 32, got one of 64 examples/,
    });
  });

  it("refuses to resume from what it can't", async () => {
    const checkpoint = await fit(density, moons, { ...training, steps: 1 }, { engine });
    const resumed = (resume: Checkpoint, options: TrainingOptions): Promise<Checkpoint> =>
      fit(density, moons, options, { engine, resume });
    await assert.rejects(resumed(checkpoint, { ...training, seed: 4 }), UsageError);
    const sgd = { ...training, optimizer: { kind: "sgd" } } as const;
    await assert.rejects(resumed(checkpoint, sgd), CheckpointError);
    const tighter = iResNetDensity({ ...density.config, c: 0.5 });
    await assert.rejects(
      fit(tighter, moons, training, {
        engine,
        resume: checkpoint,
      }),
      { name: "CheckpointError", message: /"c":0\.5.*got one of i-resnet-density .*"c":0\.9/ },
    );
    const { format, model, arrays } = checkpoint;
    await assert.rejects(resumed({ format, model, arrays }, training), CheckpointError);
  });

  it("refuses intervals that aren't whole numbers of steps", async () => {
    for (const every of [0, 1.5, NaN]) {
      await assert.rejects(
        fit(density, moons, training, { engine, reportEvery: every }),
        UsageError,
      );
    }
  });
});

describe("parseTrainingConfig", () => {
  it("fills in defaults, and is stable", () => {
    const config = parseTrainingConfig({
      steps: 10,
      batchSize: 5,
      schedule: { kind: "constant", learningRate: 1 },
    });
    assert.equal(config.optimizer.kind, "adam");
    assert.deepEqual(parseTrainingConfig(JSON.parse(JSON.stringify(config))), config);
  });

  const bad: Readonly<Record<string, unknown>> = {
    steps: 0,
    batchSize: NaN,
    seed: -1,
    clip: 0,
    ema: 1,
    powerIterations: 0.5,
    initialExamples: -3,
    optimizer: { kind: "lion" },
    logDet: { kind: "series", terms: 0 },
    schedule: { kind: "constant", learningRate: -1 },
    augmentation: { kind: "crop", pad: 0.5, flip: true },
    emaDecay: 0.9,
  };
  for (const [name, value] of Object.entries(bad)) {
    it(`refuses ${name} = ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => parseTrainingConfig({ ...training, [name]: value }),
        (error) => error instanceof UsageError && error.message.includes(name),
      );
    });
  }
});

/** Nats of the Gaussian that fits points of the plane best: ln 2πe + ½ ln det of covariance. */
function gaussianEntropy(points: Float32Array): number {
  const count = points.length / 2;
  const mean = (f: (x: number, y: number) => number): number => {
    let total = 0;
    for (let i = 0; i < count; i++) total += f(points[2 * i]!, points[2 * i + 1]!);
    return total / count;
  };
  const [mx, my] = [mean((x) => x), mean((_x, y) => y)];
  const xx = mean((x) => (x - mx) ** 2);
  const yy = mean((_x, y) => (y - my) ** 2);
  const xy = mean((x, y) => (x - mx) * (y - my));
  return 1 + Math.log(2 * Math.PI) + Math.log(xx * yy - xy * xy) / 2;
}

function moved({ x }: Arrays): Arrays {
  return { x: { shape: x!.shape, data: x!.data.map((value) => value + 100) } };
}

function broken({ x }: Arrays): Arrays {
  return { x: { shape: x!.shape, data: x!.data.map((value, i) => (i === 3 ? NaN : value)) } };
}
