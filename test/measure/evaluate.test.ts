import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrayData, toyData } from "../../src/data/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { DataError, UsageError } from "../../src/errors.js";
import { evaluate } from "../../src/measure/index.js";
import { iResNetClassifier, iResNetDensity, iResNetHybrid, nice } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel, type Runner } from "../../src/runner/index.js";
import { ndarray } from "../../src/tree.js";

const engine = referenceEngine();
const random = Random.fromSeed(1);
const pixels = ndarray(
  random
    .split("pixels")
    .uniform(8 * 16)
    .map((u) => Math.floor(256 * u)),
  [8, 1, 4, 4],
);
const labels = [0, 1, 2, 0, 1, 2, 0, 1];
const images = arrayData({ x: pixels, labels, validation: { x: pixels, labels } });

function openClassifier(): Promise<Runner> {
  const model = iResNetClassifier({
    shape: [1, 4, 4],
    classes: 3,
    blocks: [1],
    widths: [3],
    squeezeFirst: true,
    channels: 6,
    centre: { mean: 128, deviation: 74 },
  });
  return openModel(model, model.scope.initialArrays(random), { engine });
}

describe("evaluate", () => {
  it("names its log-determinant, however small the bias", async () => {
    const model = iResNetDensity({ shape: [2], blocks: [1], widths: [4], c: 0.1 });
    const runner = await openModel(model, model.scope.initialArrays(random), { engine });
    const split = await toyData("8gaussians").split("test");
    const series = await evaluate(runner, split, { count: 3, terms: 40 });
    assert.ok(series.task === "density");
    assert.deepEqual([series.logDet, series.terms], ["series", 40]);
    assert.ok(series.biasBound! > 0 && series.biasBound! < 1e-40);
    const exact = await evaluate(runner, split, { count: 3 });
    assert.ok(exact.task === "density");
    assert.deepEqual([exact.logDet, exact.terms, exact.biasBound], ["exact", null, 0]);
  });

  it("gives a classifier's error and likelihood, from its probabilities", async () => {
    const runner = await openClassifier();
    const evaluation = await evaluate(runner, await images.split("validation"));
    const { data } = await runner.predict(pixels);
    const rows = labels.map((_, i) => [...data.subarray(3 * i, 3 * i + 3)]);
    const wrong = rows.filter((row, i) => row.indexOf(Math.max(...row)) !== labels[i]).length;
    const nll = rows.reduce((sum, row, i) => sum - Math.log(row[labels[i]!]!) / 8, 0);
    assert.ok(evaluation.task === "classification");
    assert.deepEqual([evaluation.errors, evaluation.errorPercent], [wrong, 12.5 * wrong]);
    assert.ok(Math.abs(evaluation.nll - nll) < 1e-6, `${evaluation.nll}, not ${nll}`);
  });

  it("averages the logits of six views of each image, beside the plain figures", async () => {
    const runner = await openClassifier();
    const split = await images.split("validation");
    const evaluation = await evaluate(runner, split, { views: true });
    assert.ok(evaluation.task === "classification" && evaluation.augmented);
    const { augmented, ...rest } = evaluation;
    assert.deepEqual(rest, await evaluate(runner, split));
    const at = (b: number, row: number, column: number): number => {
      const within = (i: number): number => (i < 0 ? -i : i > 3 ? 6 - i : i);
      return pixels.data[16 * b + 4 * within(row) + within(column)]!;
    };
    const logits = Array<number>(24).fill(0);
    for (const [move, weight] of [
      [0, 1 / 4],
      [1, 1 / 8],
      [-1, 1 / 8],
    ] as const) {
      for (const isMirrored of [false, true]) {
        const view = pixels.data.map((_, i) => {
          const [row, column] = [Math.floor((i % 16) / 4), i % 4];
          return at(Math.floor(i / 16), row + move, (isMirrored ? 3 - column : column) + move);
        });
        const { data } = await runner.predict(ndarray(view, [8, 1, 4, 4]));
        data.forEach((p, i) => (logits[i]! += weight * Math.log(p)));
      }
    }
    const rows = labels.map((_, i) => logits.slice(3 * i, 3 * i + 3));
    const wrong = rows.filter((row, i) => row.indexOf(Math.max(...row)) !== labels[i]).length;
    const nll = rows.reduce((sum, row, i) => {
      const total = row.reduce((all, logit) => all + Math.exp(logit), 0);
      return sum - (row[labels[i]!]! - Math.log(total)) / 8;
    }, 0);
    assert.deepEqual([augmented.views, augmented.errors], [6, wrong]);
    assert.ok(Math.abs(augmented.nll - nll) < 1e-6, `${augmented.nll}, not ${nll}`);
    assert.ok(Math.abs(augmented.nll - evaluation.nll) > 1e-6);
    const density = nice({ shape: [2], hidden: [4], couplings: 2 });
    const flow = await openModel(density, density.scope.initialArrays(random), { engine });
    await assert.rejects(
      evaluate(flow, await toyData("moons").split("test"), { views: true }),
      new UsageError(
        "evaluate: expected views for classifiers of images alone, got them for nice of shape [2]; leave them out",
      ),
    );
  });

  it("gives bits/dim with the standard error over images, from scores", async () => {
    const model = nice({ shape: [1, 4, 4], hidden: [4], couplings: 2 });
    const runner = await openModel(model, model.scope.initialArrays(random), { engine });
    const evaluation = await evaluate(runner, await images.split("validation"));
    assert.ok(evaluation.task === "density");
    const noise = Random.fromSeed(0).split("evaluation");
    const { logProb } = await runner.score(pixels, { random: noise });
    const bits = [...logProb.data].map((nats) => -nats / (16 * Math.LN2));
    const mean = bits.reduce((a, b) => a + b) / 8;
    const variance = bits.reduce((sum, b) => sum + (b - mean) ** 2, 0) / 7;
    assert.deepEqual([evaluation.unit, evaluation.isBound], ["bits/dim", true]);
    assert.ok(Math.abs(evaluation.value - mean) < 1e-6);
    assert.ok(Math.abs(evaluation.standardError - Math.sqrt(variance / 8)) < 1e-6);
  });

  it("gives a hybrid's objective as training has it: nll + weight·(−log p/D)", async () => {
    const config = { shape: [1, 4, 4], blocks: [1], widths: [3], classes: 3, head: 4, weight: 2.5 };
    const model = iResNetHybrid(config);
    const runner = await openModel(model, model.scope.initialArrays(random), { engine });
    const evaluation = await evaluate(runner, await images.split("validation"), { terms: 3 });
    assert.ok(evaluation.task === "hybrid");
    const { classification, density, objective } = evaluation;
    const expected = classification.nll + 2.5 * density.value * Math.LN2;
    assert.ok(Math.abs(objective - expected) < 1e-9);
  });

  it("doesn't depend on how examples are cut into batches", async () => {
    const model = iResNetDensity({ shape: [2], blocks: [1], widths: [4], c: 0.9 });
    const runner = await openModel(model, model.scope.initialArrays(random), { engine });
    const x = random.split("points").normal(2 * 250);
    const split = await arrayData({
      x: { shape: [250, 2], data: x },
      validation: 0,
    }).split("train");
    const whole = await evaluate(runner, split, { terms: 4 });
    const noise = Random.fromSeed(0).split("evaluation");
    const parts = [0, 33, 190].map((first, i) => {
      const end = [33, 190, 250][i]!;
      const rows = ndarray(x.subarray(2 * first, 2 * end), [end - first, 2]);
      return runner.score(rows, { random: noise, first, terms: 4 });
    });
    const all = (await Promise.all(parts)).flatMap(({ logProb }) => [...logProb.data]);
    const mean = -all.reduce((a, b) => a + b) / 250;
    assert.ok(whole.task === "density" && Math.abs(whole.value - mean) < 1e-6);
  });

  it("refuses labels that aren't classes of the model", async () => {
    const more = arrayData({ x: pixels, labels: [0, 1, 2, 3, 4, 0, 1, 2], validation: 0 });
    await assert.rejects(evaluate(await openClassifier(), await more.split("train")), {
      name: DataError.name,
      message: /expected labels of train from 0 to 2, the classes of the model, got 3/,
    });
  });

  it("refuses counts and probes that can't be", async () => {
    const model = iResNetDensity({ shape: [2], blocks: [1], widths: [4], c: 0.9 });
    const runner = await openModel(model, model.scope.initialArrays(random), { engine });
    const split = await toyData("moons").split("test");
    for (const count of [0, -1, 1.5, NaN]) {
      await assert.rejects(evaluate(runner, split, { count }), {
        name: UsageError.name,
        message: /count: expected a whole number of at least 1/,
      });
    }
    for (const probes of [0, 1.5, 1e9]) {
      await assert.rejects(evaluate(runner, split, { count: 2, probes }), {
        name: UsageError.name,
        message: /^evaluate: probes: expected a whole number/,
      });
    }
  });

  it("refuses what it doesn't know, and data without labels for a classifier", async () => {
    const model = nice({ shape: [2], hidden: [4] });
    const runner = await openModel(model, model.scope.initialArrays(random), { engine });
    const split = await toyData("moons").split("test");
    const misspelt = { trems: 3 } as object;
    await assert.rejects(evaluate(runner, split, misspelt), /did you mean "terms"/);
    await assert.rejects(evaluate(runner, split, misspelt), UsageError);
  });
});
