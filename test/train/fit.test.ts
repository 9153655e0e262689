import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { closable } from "../../src/closable.js";
import type { Engine, Session } from "../../src/engine/index.js";
import {
  CheckpointError,
  DataError,
  DivergenceError,
  ShapeError,
  UsageError,
} from "../../src/errors.js";
import { arrayData, sampleToy, toyData, type DataSet, type Rows } from "../../src/data/index.js";
import { iResNetClassifier, iResNetDensity } from "../../src/models/index.js";
import { inferenceArrays, type Checkpoint } from "../../src/checkpoint/index.js";
import { Random } from "../../src/random.js";
import { fit, type FitOptions, type Report, type TrainingOptions } from "../../src/train/index.js";
import { parseTrainingConfig } from "../../src/train/config.js";
import { ndarray, type Arrays } from "../../src/tree.js";
import { changed } from "../support/data.js";
import { testEngine } from "../support/engine.js";

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
const moons = toyData("moons");
const training: TrainingOptions = {
  seed: 3,
  steps: 200,
  batchSize,
  schedule: { kind: "cosine", learningRate: 0.05, warmup: 5 },
  logDet: { kind: "exact" },
};

/** Two classes of 4x4 images, bright at the top or at the bottom. */
function stripes(): { model: ReturnType<typeof iResNetClassifier>; data: DataSet } {
  const [count, size] = [256, 16];
  const noise = random.split("stripes").uniform(count * size);
  const isTop = (i: number, pixel: number): boolean => pixel < 8 === (i % 2 === 0);
  const x = noise.map(
    (u, at) => Math.floor(100 * u) + (isTop(Math.floor(at / size), at % size) ? 40 : 0),
  );
  const labels = Array.from({ length: count }, (_, i) => i % 2);
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
  return { model, data: arrayData({ x: ndarray(x, [count, 1, 4, 4]), labels, validation: 0 }) };
}

function isFinite(arrays: Arrays): boolean {
  return Object.values(arrays).every(({ data }) => data.every(Number.isFinite));
}

describe("fit", async () => {
  const engine = await testEngine();

  it("learns a 2-D density better than any Gaussian", async () => {
    const losses: number[] = [];
    const checkpoint = await fit(density, moons, training, {
      engine,
      onProgress: ({ loss }) => losses.push(loss),
    });
    assert.equal(losses.length, 200);
    const last = losses.slice(-20).reduce((total, loss) => total + loss, 0) / 20;
    const gaussian = gaussianEntropy(sampleToy("moons", 4096, random).data);
    assert.ok(last < gaussian - 0.25, `${last} nats, a Gaussian has ${gaussian}`);
    assert.equal(checkpoint.training?.step, 200);
    assert.ok(checkpoint.training.elapsedSeconds > 0);
  });

  it("learns to classify images, with momentum, decay and clipping", async () => {
    const { model, data } = stripes();
    const reports: Report[] = [];
    const options: TrainingOptions = {
      steps: 60,
      batchSize: 32,
      optimizer: { kind: "sgd", weightDecay: 5e-4, nesterov: true },
      schedule: { kind: "step", learningRate: 0.05, milestones: [40], factor: 0.2 },
      clip: 2,
    };
    await fit(model, data, options, {
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

  it("stops early once validations have used up the patience, resumed or not", async () => {
    const values = [5, 3, 4, 2, 3, 2, 4, 1];
    const run = (resume?: Checkpoint, steps = 16) => {
      let at = Math.floor((resume?.training?.step ?? 0) / 2);
      const validate = () => Promise.resolve({ nats: values[at++]! });
      const options = { engine, validate, validateEvery: 2, patience: 3 };
      const stop = new AbortController();
      const onProgress = ({ step }: { step: number }): void => {
        if (step === steps) stop.abort();
      };
      return fit(
        density,
        moons,
        { ...training, steps: 16 },
        { ...options, signal: stop.signal, onProgress, ...(resume && { resume }) },
      );
    };
    const whole = await run();
    assert.deepEqual(whole.training?.best, { step: 8, value: 2 });
    assert.equal(whole.training.step, 14);
    const resumed = await run(await run(undefined, 11));
    assert.deepEqual([resumed.training?.step, resumed.training?.best], [14, whole.training.best]);
    await assert.rejects(
      fit(density, moons, { ...training, steps: 2 }, { engine, patience: 0 }),
      UsageError,
    );
  });

  it("initialises from data: the first loss is near that of a fitted Gaussian", async () => {
    const shifted = changed(moons, moved);
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

  it("tells of a diverging run even if the place can't be found", async () => {
    const blind: Engine = {
      description: engine.description,
      load: (graph) =>
        "stages.0.blocks.0" in graph.outputs
          ? Promise.reject(new Error("no memory"))
          : engine.load(graph),
      createStore: (arrays) => engine.createStore(arrays),
      ...closable(() => Promise.resolve()),
    };
    const schedule = { kind: "constant", learningRate: 1e300 } as const;
    await assert.rejects(fit(density, moons, { ...training, schedule }, { engine: blind }), {
      name: "DivergenceError",
      message: /step 1: .*first in a place that wasn't found \(no memory\)/,
    });
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
    const data = changed(moons, (rows, call) => (call === 3 ? broken(rows) : rows));
    await assert.rejects(fit(density, data, training, { engine }), {
      name: "DivergenceError",
      message: /step 3: .*the batch itself \(x\); check the data/,
    });
  });

  it("refuses examples that aren't finite", async () => {
    const data = changed(moons, (rows, call) => (call === 0 ? broken(rows) : rows));
    await assert.rejects(fit(density, data, training, { engine }), (error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, /the first examples: .* in x, .* row 1;/);
      return true;
    });
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

  const failures: Readonly<Record<string, Partial<FitOptions> & { data?: DataSet }>> = {
    "the data set": {
      data: changed(moons, (rows, call) => {
        if (call === 4) throw new DataError("no more");
        return rows;
      }),
    },
    validate: { validateEvery: 3, validate: () => Promise.reject(new DataError("no more")) },
    onReport: { reportEvery: 3, onReport: () => Promise.reject(new DataError("no more")) },
  };
  for (const [name, { data = moons, ...failing }] of Object.entries(failures)) {
    it(`saves when ${name} fails, and goes on to the same bits`, async () => {
      const short = { ...training, steps: 5 };
      const saved: Checkpoint[] = [];
      const run = fit(density, data, short, {
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
    const data = changed(moons, (rows, call) => {
      if (call > 0) events.push(`batch ${call - 1}`);
      return rows;
    });
    await fit(density, data, { ...training, steps: 3 }, { engine: watched });
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

  it("refuses rows of another shape than the data set says", async () => {
    const data = changed(moons, () => ({ x: ndarray(new Float32Array(30), [10, 3]) }));
    await assert.rejects(fit(density, data, training, { engine }), ShapeError);
    const few = changed(moons, ({ x }, call) => ({
      x: call === 2 ? ndarray(new Float32Array(30), [15, 2]) : x,
    }));
    await assert.rejects(fit(density, few, training, { engine }), {
      name: "ShapeError",
      message: /expected x of shape \[64, 2\], got \[15,2\]/,
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

function moved({ x }: Rows): Rows {
  return { x: { shape: x.shape, data: Float32Array.from(x.data, (value) => value + 100) } };
}

function broken({ x }: Rows): Rows {
  const data = Float32Array.from(x.data, (value, i) => (i === 3 ? NaN : value));
  return { x: { shape: x.shape, data } };
}
