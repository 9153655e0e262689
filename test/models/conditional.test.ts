import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import { glow, iResNetDensity, nice, realNvp, type Density } from "../../src/models/index.js";
import { openModel, openRunner, type Runner } from "../../src/runner/index.js";
import { Random } from "../../src/random.js";
import { fit } from "../../src/train/fit.js";
import { arrayData, oneHot } from "../../src/data/index.js";
import { ndarray, type NDArray } from "../../src/tree.js";
import { assertClose, meanOf } from "../support/values.js";
import { testEngine } from "../support/engine.js";

const random = Random.fromSeed(6);
const classes = 3;

/** Means on a circle of radius 3, by class; the deviation is ½. */
const meanAt = (label: number): [number, number] => [
  3 * Math.cos((2 * Math.PI * label) / classes),
  3 * Math.sin((2 * Math.PI * label) / classes),
];

function clusters(count: number): { x: NDArray; condition: NDArray; labels: number[] } {
  const labels = Array.from({ length: count }, (_, i) => i % classes);
  const noise = random.normal(2 * count);
  const data = labels.flatMap((label, i) => {
    const [a, b] = meanAt(label);
    return [a + noise[2 * i]! / 2, b + noise[2 * i + 1]! / 2];
  });
  return { x: ndarray(data, [count, 2]), condition: oneHot(labels, classes), labels };
}

const conditional: Readonly<Record<string, Density>> = {
  NICE: nice({ shape: [2], couplings: 4, hidden: [32], condition: classes }),
  "Real NVP": realNvp({ shape: [2], couplings: [4], widths: [32], condition: classes }),
  Glow: glow({ shape: [2], steps: [4], widths: [32], condition: classes }),
  "i-ResNet": iResNetDensity({ shape: [2], blocks: [4], widths: [32], condition: classes }),
};

describe("a density conditioned on classes, trained for a moment", async () => {
  const engine = await testEngine();

  for (const [name, model] of Object.entries(conditional)) {
    it(`tells them apart: ${name}`, async () => {
      const { x, condition, labels } = clusters(300);
      const data = arrayData({ x, condition, validation: 0 });
      const checkpoint = await fit(
        model,
        data,
        {
          steps: 200,
          batchSize: 60,
          schedule: { kind: "cosine", learningRate: 0.02 },
          clip: 5,
        },
        { engine },
      );
      const runner = await openRunner(checkpoint, { engine });

      const right = await runner.score(x, { random, condition });
      const others = oneHot(
        labels.map((label) => (label + 1) % classes),
        classes,
      );
      const wrong = await runner.score(x, { random, condition: others });
      const gap = meanOf(right.logProb.data) - meanOf(wrong.logProb.data);
      assert.ok(gap > 5, `${gap} nats between the right condition and a wrong one`);

      const samples = await runner.sample(300, { random, condition });
      for (let label = 0; label < classes; label++) {
        const of = samples.data.filter((_, i) => labels[i >> 1] === label);
        const centre = [0, 1].map((axis) => meanOf(of.filter((_, i) => i % 2 === axis)));
        const [a, b] = meanAt(label);
        assert.ok(Math.hypot(centre[0]! - a, centre[1]! - b) < 0.5, `${label}: ${centre}`);
      }

      const z = await runner.forward(x, { condition });
      const back = await runner.inverse(z, { condition });
      assertClose(back.data, x.data, 1e-4, "x");
      await runner.close();
    });
  }
});

describe("a runner", () => {
  const open = (model: Density): Promise<Runner<Density>> =>
    openModel(model, model.scope.initialArrays(random), { engine: referenceEngine() });
  const { x, condition } = clusters(4);

  it("asks for the condition that its model needs", async () => {
    const runner = await open(conditional.NICE!);
    for (const call of [
      () => runner.forward(x),
      () => runner.inverse(x),
      () => runner.score(x, { random }),
      () => runner.sample(4, { random }),
    ]) {
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof UsageError);
        return error.message.includes(
          "expected a condition of shape [4, 3], got none; pass `condition`",
        );
      });
    }
    await assert.rejects(runner.sample(3, { random, condition }), ShapeError);
    await assert.rejects(runner.forward(x, { condition: oneHot([0, 1, 0, 1], 2) }), ShapeError);
  });

  it("refuses one that its model doesn't take", async () => {
    const runner = await open(nice({ shape: [2], hidden: [4] }));
    await assert.rejects(runner.forward(x, { condition }), UsageError);
    assert.deepEqual((await runner.forward(x)).shape, [4, 2]);
  });
});
