import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { IresnetError } from "../../src/errors.js";
import { arrayData } from "../../src/data/index.js";
import type { JsonObject } from "../../src/json.js";
import { createModel, made, maf, type Density } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel, openRunner } from "../../src/runner/index.js";
import { ndarray } from "../../src/tree.js";
import { fit, type TrainingOptions } from "../../src/train/index.js";
import { rowsFor } from "../runner/support.js";
import { assertClose } from "../support/values.js";

const engine = referenceEngine();
const random = Random.fromSeed(2);
const rows = 64;
const training: TrainingOptions = {
  steps: 4,
  batchSize: 32,
  schedule: { kind: "constant", learningRate: 0.01 },
  logDet: { kind: "exact" },
};
const options = { engine, onWarning: () => undefined };

describe("one feature", () => {
  const x = ndarray(Random.fromSeed(5).normal(rows), [rows, 1]);
  const labels = Array.from({ length: rows }, (_, i) => i % 2);

  const works: Readonly<Record<string, JsonObject>> = {
    "i-resnet-density": { blocks: [1], widths: [4] },
    "i-resnet-hybrid": { blocks: [1], widths: [4], head: 3, classes: 2 },
    "residual-flow": { blocks: [1], widths: [4] },
    ffjord: { widths: [3] },
    made: { hidden: [4], components: 3 },
  };
  for (const [kind, config] of Object.entries(works)) {
    it(`is learnt, sampled and scored: ${kind}`, async () => {
      const model = createModel(kind, { shape: [1], ...config });
      const data = arrayData({ x, ...(model.classifier && { labels }) });
      const runner = await openRunner(await fit(model, data, training, options), { engine });
      const { logProb } = await runner.score(await runner.sample(4, { random }), { random });
      assert.ok(logProb.data.every(Number.isFinite), logProb.data.join(" "));
    });
  }

  const refused: Readonly<Record<string, JsonObject>> = {
    nice: { hidden: [4] },
    "real-nvp": { couplings: [2], widths: [4] },
    glow: { steps: [2], widths: [4] },
    maf: { layers: 2, hidden: [4] },
    made: { hidden: [4] },
  };
  for (const [kind, config] of Object.entries(refused)) {
    it(`is refused, with what works: ${kind}`, () => {
      assert.throws(
        () => createModel(kind, { shape: [1], ...config }),
        (error) => {
          assert.ok(error instanceof IresnetError);
          assert.match(error.message, /use i-ResNet, Residual Flow, FFJORD, or MADE with several/);
          return true;
        },
      );
    });
  }
});

describe("MADE and MAF, condition through narrow masks", () => {
  const shape = { shape: [8], hidden: [4, 4], condition: 1 };
  const models: Readonly<Record<string, Density>> = {
    MADE: made(shape),
    "MADE, mixtures": made({ ...shape, components: 2 }),
    MAF: maf({ ...shape, layers: 1 }),
  };
  for (const [name, model] of Object.entries(models)) {
    it(`has an effect on every feature, whatever the seed: ${name}`, async () => {
      for (let seed = 0; seed < 8; seed++) {
        const arrays = model.scope.initialArrays(Random.fromSeed(seed));
        const runner = await openModel(model, arrays, { engine });
        const x = rowsFor(model, 1);
        const at = async (condition: number) => {
          const given = { condition: ndarray([condition], [1, 1]) };
          const drawn = await runner.sample(1, { random, ...given });
          return { drawn: drawn.data, logProb: (await runner.score(x, given)).logProb.data[0]! };
        };
        const [one, other] = [await at(-1), await at(1)];
        assert.ok(Math.abs(one.logProb - other.logProb) > 1e-6, `log p, seed ${seed}`);
        one.drawn.forEach((value, d) => {
          assert.ok(Math.abs(value - other.drawn[d]!) > 1e-7, `feature ${d}, seed ${seed}`);
        });
      }
    });
  }
});

describe("batch normalisation on few examples", () => {
  const x = ndarray(Random.fromSeed(7).normal(2 * rows), [rows, 2]);
  const data = arrayData({ x, validation: 0 });
  const model = createModel("real-nvp", { shape: [2], couplings: [2], widths: [4] });

  it("is an error", async () => {
    for (const batchSize of [2, 8, 15]) {
      const run = fit(model, data, { ...training, batchSize }, options);
      await assert.rejects(run, /at least 16 for the batch normalisation of real-nvp/);
    }
  });

  it("gives log p as of one worker, however many workers share a batch", async () => {
    const logProbs = async (workers: number): Promise<readonly number[]> => {
      const engines = Array.from({ length: workers }, () => referenceEngine());
      // Adam makes whole steps of gradients that are 0 but for rounding, those of shifts before it.
      const settings = { ...training, batchSize: 16, optimizer: { kind: "sgd" } } as const;
      const checkpoint = await fit(model, data, settings, { ...options, workers: engines });
      const runner = await openRunner(checkpoint, { engine });
      return [...(await runner.score(x)).logProb.data];
    };
    const one = await logProbs(1);
    assert.ok(Math.max(...one.map(Math.abs)) < 30, one.join(" "));
    assertClose(await logProbs(2), one, 1e-5, "log p");
  });
});
