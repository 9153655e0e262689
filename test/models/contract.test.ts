import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exact } from "../../src/bijections/index.js";
import { evaluate, type Float64NDArray } from "../../src/engine/reference.js";
import type { Engine } from "../../src/index.js";
import { broadcast, input, type Tensor } from "../../src/graph/index.js";
import * as library from "../../src/index.js";
import { Flow } from "../../src/distributions/index.js";
import { openModel, type AnyRunner } from "../../src/runner/index.js";
import { createModel, modelDefinitions, stepOf, type AnyModel } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { toyData } from "../../src/data/index.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { fit } from "../../src/train/fit.js";
import { presets } from "../../src/train/presets/index.js";
import { inferenceArrays } from "../../src/checkpoint/stored-arrays.js";
import { ndarray, sameShape, sizeOf } from "../../src/tree.js";
import { gradientsAt, jacobian } from "../support/derivatives.js";
import { logAbsDet } from "../support/matrices.js";
import { noiseFeeds, parametersOf, settledFeeds } from "../support/modules.js";
import { assertClose, events, normals, sumOf, uniforms, type Values } from "../support/values.js";
import { smallModels } from "./small-configs.js";
import { testEngine } from "../support/engine.js";

/** What the contract covers, by name: a model that leaves the registry is missed here. */
const covered: Readonly<Record<string, true>> = {
  "i-resnet-classifier": true,
  "i-resnet-density": true,
  "i-resnet-hybrid": true,
  "residual-flow": true,
  nice: true,
  "real-nvp": true,
  glow: true,
  ffjord: true,
  made: true,
  maf: true,
  resnet: true,
};

type Batch = Readonly<Record<string, Values>>;

const entries = Object.entries(smallModels);
const kinds = modelDefinitions().map(({ kind }) => kind);

describe("the registry of models", () => {
  it("holds every model that the contract covers", () => {
    assert.deepEqual([...kinds].sort(), Object.keys(covered).sort());
    assert.deepEqual(Object.keys(smallModels).sort(), [...kinds].sort());
  });

  it("makes every model that the library exports", () => {
    const exported = Object.values<unknown>(library).flatMap((value) =>
      typeof value === "function" && "definition" in value ? [value.definition] : [],
    );
    assert.equal(exported.length, kinds.length);
    assert.deepEqual(new Set(exported), new Set(modelDefinitions()));
  });

  it("has a preset of every model", () => {
    const preset = new Set(Object.values(presets).map(({ model }) => model.kind));
    assert.deepEqual([...preset].sort(), [...kinds].sort());
  });

  it("makes a model of every preset", () => {
    for (const { name, model } of Object.values(presets)) {
      assert.equal(createModel(model.kind, model.config).kind, model.kind, name);
    }
  });
});

for (const [kind, { configs, base = "gaussian", tolerance = 1e-10 }] of entries) {
  for (const [what, config] of Object.entries(configs)) {
    describe(`${kind}, ${what}`, () => {
      const model = createModel(kind, config);
      const outputs = outputsOf(model);
      const feeds = settledFeeds(model.scope, { gain: model.scope.norms.length > 0 ? 4 : 1 });
      const run = (batch: Batch): Readonly<Record<string, Float64NDArray>> =>
        evaluate<string>(outputs(inputsOf(batch)), { ...feeds, ...batch });

      it("is of the kind and task that the registry says", () => {
        assert.equal(model.kind, kind);
        assert.equal(model.task, modelDefinitions().find((one) => one.kind === kind)?.task);
      });

      it("maps each event by itself, alone or in a batch", () => {
        const batch = inferenceBatch(model, 3);
        const together = run(batch);
        for (let i = 0; i < 3; i++) {
          for (const [name, alone] of Object.entries(run(rowsOf(batch, i, i + 1)))) {
            assert.deepEqual(alone.shape, [1, ...together[name]!.shape.slice(1)], name);
            assertClose(alone.data, events(together[name]!, i, i + 1).data, 1e-12, name);
          }
        }
      });

      it("comes back the same from the bytes of a checkpoint", () => {
        const arrays = Object.fromEntries(
          Object.entries(feeds).map(([name, { shape, data }]) => [name, ndarray(data, shape)]),
        );
        const saved = { format: 1, model: { kind, config: model.config }, arrays } as const;
        const loaded = decodeCheckpoint(encodeCheckpoint(saved), "checkpoint");
        const again = createModel(loaded.model.kind, loaded.model.config);
        assert.deepEqual(again.config, model.config);
        const batch = inferenceBatch(model, 2);
        const expected = evaluate<string>(outputs(inputsOf(batch)), { ...arrays, ...batch });
        const actual = outputsOf(again)(inputsOf(batch));
        assert.deepEqual(evaluate<string>(actual, { ...loaded.arrays, ...batch }), expected);
      });

      it("has a gradient in every parameter", () => {
        const batch = trainingBatch(model, 4);
        // Batch normalisation takes what shifts its input away again, but for running statistics.
        const ctx = context({}, stepOf(model));
        const { loss } = model.objective(inputsOf(batch), ctx);
        assert.deepEqual(loss.shape, []);
        const parameters = parametersOf(model.scope);
        const all = { ...feeds, ...noiseFeeds(ctx, [loss]), ...batch };
        for (const [name, gradient] of Object.entries(gradientsAt(loss, parameters, all))) {
          assert.ok(gradient.every(Number.isFinite), `${name}: ${gradient.join(" ")}`);
          assert.ok(
            gradient.some((g) => Math.abs(g) > 1e-8),
            `${name}: ${gradient.join(" ")}`,
          );
        }
      });

      if (model.bijection) {
        const { bijection } = model;

        it("comes back from its latent", () => {
          const batch = inferenceBatch(model, 3);
          const { z } = run(batch);
          assert.deepEqual(z!.shape, [3, ...bijection.outShape]);
          const latent = input("z", z!.shape);
          const { value: x } = bijection.inverse(latent, context(inputsOf(batch)));
          const back = evaluate({ x }, { ...feeds, ...batch, z: z! });
          assertClose(back.x.data, batch.x!.data, tolerance, "x");
        });
      }

      if (model.classifier) {
        const { classes } = model.classifier;

        it("gives a logit for each class", () => {
          assert.deepEqual(run(inferenceBatch(model, 3)).logits!.shape, [3, classes]);
        });
      }

      if (model.density && model.bijection) {
        const flow = new Flow(model.density.base, model.bijection);

        it("is the density of its base, by the log-determinant of the exact Jacobian", () => {
          const batch = inferenceBatch(model, 1);
          const { z, logDet, logProb } = run(batch);
          const map = (x: Tensor): Tensor => {
            const ctx = context(repeated(inputsOf(batch), x.shape[0]!));
            return flow.bijection.forward(x, ctx).value;
          };
          const exactly = logAbsDet(jacobian(map, batch.x!, { ...feeds, ...batch }));
          assertClose(logDet!.data, [exactly], tolerance, "logDet");
          assert.equal(model.dimensions, sizeOf(model.batch.x!));
          if (base === "network") return;
          const ofBase = { gaussian: logGaussian, logistic: logLogistic }[base](z!, feeds);
          assertClose(logProb!.data, [ofBase + exactly], tolerance, "log p");
        });

        it("samples events", () => {
          const ctx = context(inputsOf(inferenceBatch(model, 2)));
          assert.deepEqual(flow.sample(2, 1, ctx).x.shape, [2, ...model.batch.x!]);
        });
      }
    });
  }
}

describe("a density of the plane, trained for a moment", async () => {
  const engine = await testEngine();

  for (const [kind, { configs }] of entries) {
    for (const [what, config] of Object.entries(configs)) {
      const model = createModel(kind, config);
      const isPlane = sameShape(model.batch.x!, [2]) && !model.batch.condition;
      if (model.task !== "density" || !isPlane) continue;

      it(`integrates to 1, and samples come back: ${kind}, ${what}`, async () => {
        const runner = await trained(engine, model);
        const { points, area } = squareGrid({ reach: 8, cells: 160 });
        const { logProb } = await runner.score(points, { random: Random.fromSeed(2) });
        const samples = await runner.sample(32, { random: Random.fromSeed(3) });
        const back = await runner.inverse(await runner.forward(samples));
        await runner.close();
        const integral = sumOf(Array.from(logProb.data, (l) => Math.exp(l) * area));
        assert.ok(Math.abs(integral - 1) <= 0.01, `integral ${integral}`);
        assertClose(back.data, samples.data, 1e-4, "samples, there and back");
      });
    }
  }
});

function context({ condition }: Record<string, Tensor> = {}, step?: Tensor): Context {
  const inverse = () => ({ steps: 500, tolerance: 1e-15 });
  return new Context({ phase: "infer", logDet: exact, inverse, condition, step });
}

/** What the model computes of a batch at inference, by name. */
function outputsOf(model: AnyModel): (batch: Record<string, Tensor>) => Record<string, Tensor> {
  return (batch) => {
    const ctx = context(batch);
    const outputs: Record<string, Tensor> = {};
    if (model.bijection) outputs.z = model.bijection.forward(batch.x!, ctx).value;
    if (model.classifier) outputs.logits = model.classifier.logits(batch.x!, ctx);
    if (model.density && model.bijection) {
      const flow = new Flow(model.density.base, model.bijection);
      const { logProb, logDet } = flow.score(batch.x!, ctx);
      Object.assign(outputs, { logProb, logDet });
    }
    return outputs;
  };
}

/** x, one-hot y and condition as training gives them: x whole where it is made of pixels. */
function trainingBatch(model: AnyModel, size: number): Batch {
  return Object.fromEntries(
    Object.entries(model.batch).map(([name, event]): [string, Values] => {
      const shape = [size, ...event];
      if (name === "y") {
        const classes = event[0]!;
        const data = Array.from({ length: size * classes }, (_, i) =>
          Number(i % classes === Math.floor(i / classes) % classes),
        );
        return [name, { shape, data }];
      }
      if (name !== "x" || !model.pixels) {
        return [name, normals(name, shape)];
      }
      return [name, { shape, data: Array.from(uniforms(name, shape, 0, 256).data, Math.floor) }];
    }),
  );
}

/** x and condition; pixels with their noise. */
function inferenceBatch(model: AnyModel, size: number): Batch {
  const batch = Object.entries(trainingBatch(model, size)).filter(([name]) => name !== "y");
  return Object.fromEntries(
    batch.map(([name, values]) => [
      name,
      name === "x" && model.pixels ? uniforms("x", values.shape, 0.1, 255.4) : values,
    ]),
  );
}

function inputsOf(batch: Batch): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(batch).map(([name, { shape }]) => [name, input(name, shape)]),
  );
}

function rowsOf(batch: Batch, start: number, end: number): Batch {
  return Object.fromEntries(
    Object.entries(batch).map(([name, values]) => [name, events(values, start, end)]),
  );
}

/** A batch of one as a batch of `count` of the same. */
function repeated(batch: Record<string, Tensor>, count: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(batch).map(([name, t]) => [name, broadcast(t, [count, ...t.shape.slice(1)])]),
  );
}

/** ln N(z; mean, e^{2·logScale}), standard unless the model learns them. */
function logGaussian({ data }: Values, feeds: Batch): number {
  const mean = feeds["base.mean"]?.data;
  const logScale = feeds["base.logScale"]?.data;
  return sumOf(
    Array.from(data, (z, i) => {
      const s = logScale?.[i] ?? 0;
      return -0.5 * ((z - (mean?.[i] ?? 0)) / Math.exp(s)) ** 2 - s - 0.5 * Math.log(2 * Math.PI);
    }),
  );
}

/** −Σ ln((1 + eᶻ)(1 + e⁻ᶻ)). */
function logLogistic({ data }: Values): number {
  return -sumOf(Array.from(data, (z) => Math.log1p(Math.exp(z)) + Math.log1p(Math.exp(-z))));
}

async function trained(engine: Engine, model: AnyModel): Promise<AnyRunner> {
  const checkpoint = await fit(
    model,
    toyData("moons"),
    {
      steps: 40,
      batchSize: 64,
      schedule: { kind: "constant", learningRate: 0.005 },
      clip: 5,
      powerIterations: 1,
      logDet: { kind: "exact" },
      initialExamples: 256,
    },
    { engine },
  );
  return openModel(model, inferenceArrays(checkpoint.arrays), { engine });
}

/** Centres of the cells of a square about the origin, and the area of each. */
function squareGrid({ reach, cells }: { reach: number; cells: number }): {
  points: ReturnType<typeof ndarray>;
  area: number;
} {
  const side = (2 * reach) / cells;
  const at = (i: number): number => (i + 0.5) * side - reach;
  const data = Array.from({ length: cells * cells }, (_, i) => [
    at(i % cells),
    at(Math.floor(i / cells)),
  ]);
  return { points: ndarray(data.flat(), [cells * cells, 2]), area: side ** 2 };
}
