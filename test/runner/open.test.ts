import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { Chain, DiagonalScale } from "../../src/bijections/index.js";
import { encodeCheckpoint, type Checkpoint } from "../../src/checkpoint/checkpoint.js";
import { saveCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { StandardGaussian } from "../../src/distributions/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { CheckpointError, UsageError } from "../../src/errors.js";
import { mul, tanh } from "../../src/graph/index.js";
import {
  defineModel,
  iResNetDensity,
  modelDefinitions,
  nice,
  registerModel,
  type Model,
} from "../../src/models/index.js";
import { registerActivation } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { openRunner as openPath } from "../../src/runner/open-file.js";
import { openModel, openRunner } from "../../src/runner/index.js";
import { rowsFor } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

const engine = referenceEngine();

function checkpointOf(model: Model, seed = 1): Checkpoint {
  const arrays = Object.fromEntries(
    Object.entries(model.scope.initialArrays(Random.fromSeed(seed))).map(([name, array]) => [
      name,
      name.endsWith(".initialised") ? { ...array, data: Float32Array.of(1) } : array,
    ]),
  );
  return { format: 1, model: { kind: model.kind, config: model.config }, arrays };
}

describe("openRunner", () => {
  const folder = temporaryFolder();
  const model = iResNetDensity({ shape: [2], blocks: [1], widths: [4] });
  const x = rowsFor(model, 3);

  it("opens a lone checkpoint by what is inside: itself, its bytes, its file", async () => {
    const checkpoint = checkpointOf(model);
    const file = join(folder, "lone.safetensors");
    await saveCheckpoint(file, checkpoint);
    const expected = await (await openModel(model, checkpoint.arrays, { engine })).score(x);
    for (const runner of [
      await openRunner(checkpoint, { engine }),
      await openRunner(encodeCheckpoint(checkpoint), { engine }),
      await openPath(file, { engine }),
      await openPath(encodeCheckpoint(checkpoint), { engine }),
    ]) {
      assert.deepEqual(await runner.score(x), expected);
      assert.deepEqual(runner.model.config, model.config);
    }
  });

  it("opens a run's folder: the best checkpoint, else the newest", async () => {
    const run = join(folder, "run");
    mkdirSync(run);
    const [newest, best] = [checkpointOf(model, 1), checkpointOf(model, 2)];
    await saveCheckpoint(join(run, "checkpoint.safetensors"), newest);
    const scoreOf = async (path: string): Promise<unknown> =>
      (await openPath(path, { engine })).score(x);
    const expected = async (checkpoint: Checkpoint): Promise<unknown> =>
      (await openRunner(checkpoint, { engine })).score(x);
    assert.deepEqual(await scoreOf(run), await expected(newest));
    await saveCheckpoint(join(run, "best.safetensors"), best);
    assert.deepEqual(await scoreOf(run), await expected(best));
    await assert.rejects(openPath(join(folder, "none"), { engine }), { name: "FileError" });
  });

  it("takes no option but an engine, of a file as of its bytes", async () => {
    const checkpoint = checkpointOf(model);
    const file = join(folder, "options.safetensors");
    await saveCheckpoint(file, checkpoint);
    for (const source of [file, encodeCheckpoint(checkpoint)]) {
      await assert.rejects(openPath(source, { engine, data: undefined } as never), {
        name: UsageError.name,
        message: /^openRunner: expected options of engine, got "data"/,
      });
      await assert.rejects(openPath(source, {} as never), /UsageError: openRunner: .*engine/);
    }
  });

  it("takes the moving averages of a training run", async () => {
    const [newest, average] = [checkpointOf(model, 1), checkpointOf(model, 2)];
    const averages = Object.entries(average.arrays).map(
      ([name, array]) => [`ema.${name}`, array] as const,
    );
    const slots = { "optimizer.m.base.mean": newest.arrays["base.mean"]! };
    const arrays = { ...newest.arrays, ...slots, ...Object.fromEntries(averages) } as const;
    const runner = await openRunner({ ...newest, arrays }, { engine });
    assert.deepEqual(await runner.score(x), await (await openRunner(average, { engine })).score(x));
  });

  it("refuses what can't be used, naming it", async () => {
    const checkpoint = checkpointOf(model);
    const { arrays } = checkpoint;
    const untrained = model.scope.initialArrays(Random.fromSeed(1));
    await assert.rejects(openRunner({ ...checkpoint, arrays: untrained }, { engine }), {
      name: CheckpointError.name,
      message: /has seen data, got stages\.0\.blocks\.0\.actNorm\.initialised = 0/,
    });
    const bad = { ...arrays["base.mean"]!, data: Float32Array.of(0, Infinity) };
    await assert.rejects(
      openRunner({ ...checkpoint, arrays: { ...arrays, "base.mean": bad } }, { engine }),
      { name: CheckpointError.name, message: /infinite value in base\.mean/ },
    );
    const rest = Object.fromEntries(
      Object.entries(arrays).filter(([name]) => name !== "base.mean"),
    );
    await assert.rejects(
      openRunner({ ...checkpoint, arrays: rest }, { engine }),
      /missing: base\.mean/,
    );
    await assert.rejects(
      openRunner({ ...checkpoint, model: { kind: "glo", config: {} } }, { engine }),
      {
        name: UsageError.name,
        message: /did you mean "glow"\?/,
      },
    );
  });

  it("has no ability that its model hasn't, and says which do", async () => {
    const runner = await openRunner(checkpointOf(model), { engine });
    await assert.rejects(runner.predict(x), {
      name: UsageError.name,
      message:
        /expected a model with classes, got i-resnet-density, .* such as i-resnet-classifier/,
    });
    const typed = await openModel(model, checkpointOf(model).arrays, { engine });
    // @ts-expect-error a density has no classes, and its type says so
    await assert.rejects(typed.predict(x), UsageError);
  });
});

describe("from outside the package", () => {
  it("a model is registered, and its checkpoint opens again", async () => {
    const scaling = defineModel({
      kind: "test-scaling",
      name: "Scaling",
      year: 2026,
      paper: "none",
      task: "density",
      schema: z.strictObject({ shape: z.tuple([z.int().positive()]), gain: z.number().default(2) }),
      build: ({ shape }, scope) => ({
        shape,
        bijection: new Chain([new DiagonalScale(scope.child("scale"), shape)]),
        density: { base: new StandardGaussian(shape[0]), logDet: "closed form" },
      }),
    });
    const model = scaling({ shape: [2] });
    assert.equal(model.config.gain, 2);
    const checkpoint = checkpointOf(model);
    const bytes = encodeCheckpoint(checkpoint);
    await assert.rejects(openRunner(bytes, { engine }), /register the model first/);
    registerModel(scaling);
    registerModel(scaling);
    assert.ok(modelDefinitions().includes(scaling.definition));
    const runner = await openRunner(bytes, { engine });
    const x = rowsFor(model, 2);
    const direct = await openModel(model, checkpoint.arrays, { engine });
    assert.deepEqual(await runner.score(x), await direct.score(x));
    const taken = { definition: { ...nice.definition, name: "Nicer" } };
    assert.throws(() => {
      registerModel(taken);
    }, /expected a new kind, got "nice", which NICE has/);
  });

  it("an activation is registered, and a checkpoint that names it opens again", async () => {
    const config = { shape: [2], blocks: [2], widths: [4], activation: "test-tanh" };
    assert.throws(() => iResNetDensity(config), /expected one of elu, .*got "test-tanh"/);
    registerActivation("test-tanh", (scope) => {
      const gain = scope.parameter("gain", [], () => [0.5]);
      return (x) => tanh(mul(x, tanh(gain)));
    });
    const model = iResNetDensity(config);
    const gains = model.scope.variables.filter(({ name }) => name.endsWith(".gain"));
    assert.equal(gains.length, 3, "before each linear layer but the first");
    const runner = await openRunner(encodeCheckpoint(checkpointOf(model)), { engine });
    const x = rowsFor(model, 2);
    const back = await runner.inverse(await runner.forward(x));
    assert.ok(back.data.every((value, i) => Math.abs(value - x.data[i]!) < 1e-5));
    assert.throws(() => iResNetDensity({ ...config, activation: "lipswich" }), /"lipswish"\?/);
    assert.throws(() => {
      registerActivation("elu", () => tanh);
    }, UsageError);
  });
});
