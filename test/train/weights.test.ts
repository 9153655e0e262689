import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { arrayData } from "../../src/data/index.js";
import { input, type Tensor } from "../../src/graph/index.js";
import { iResNetHybrid, nice, type Model } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { exact } from "../../src/bijections/index.js";
import { Random } from "../../src/random.js";
import { fit } from "../../src/train/index.js";
import { ndarray } from "../../src/tree.js";
import { assertGradients, scalarAt } from "../support/derivatives.js";
import { events, normals, type Feeds, type Values } from "../support/values.js";

const count = 4;
const weights = [0.5, 0, 2.5, 1];
const labels = { shape: [count, 2], data: [1, 0, 0, 1, 0, 1, 1, 0] };

const models: Readonly<Record<string, { model: Model; feeds: Feeds }>> = {
  density: {
    model: nice({ shape: [2], couplings: 2, hidden: [3] }),
    feeds: { x: normals("x", [count, 2]) },
  },
  hybrid: {
    model: iResNetHybrid({
      shape: [2],
      classes: 2,
      head: 3,
      blocks: [1],
      widths: [3],
      activation: "softplus",
      c: 0.9,
    }),
    feeds: { x: normals("x", [count, 2]), y: labels },
  },
};

const context = (): Context => new Context({ phase: "infer", logDet: exact });

describe("weights of examples", () => {
  for (const [name, { model, feeds }] of Object.entries(models)) {
    const batch = (rows: number): Readonly<Record<string, Tensor>> =>
      Object.fromEntries(
        [...Object.entries(feeds), ["weight", { shape: [count] }] as const].map(
          ([key, { shape }]) => [key, input(key, [rows, ...shape.slice(1)])],
        ),
      );
    const variables = Object.fromEntries(
      Object.entries(model.scope.initialArrays(Random.fromSeed(2))).map(([key, array]) => [
        key,
        {
          shape: array.shape,
          data: Float64Array.from(array.data, (v, i) => v + 0.1 * Math.sin(i)),
        },
      ]),
    );
    const weight: Values = { shape: [count], data: weights };

    it(`make the loss the mean of weight times that of each: ${name}`, () => {
      const { loss } = model.objective(batch(count), context());
      const whole = scalarAt(loss, { ...feeds, ...variables, weight });
      const { x, y } = batch(1);
      const { loss: one } = model.objective({ x: x!, ...(y && { y }) }, context());
      let sum = 0;
      weights.forEach((w, row) => {
        const rows = Object.entries(feeds).map(([key, values]): [string, Values] => [
          key,
          events(values, row, row + 1),
        ]);
        sum += w * scalarAt(one, { ...variables, ...Object.fromEntries(rows) });
      });
      assert.ok(
        Math.abs(whole - sum / count) < 1e-12 * Math.abs(whole),
        `${whole}, ${sum / count}`,
      );
    });

    it(`enter the gradient as differences of the loss say: ${name}`, () => {
      const { loss } = model.objective(batch(count), context());
      const parameters = model.scope.variables
        .filter(({ kind }) => kind === "parameter")
        .map(({ name: key, tensor }): [string, Tensor] => [key, tensor]);
      const at = { ...feeds, ...variables, weight };
      assertGradients(loss, Object.fromEntries(parameters), at);
    });
  }

  it("reach the objective of fit, and change nothing if they are equal", async () => {
    const x = ndarray(Random.fromSeed(3).normal(64), [32, 2]);
    const { model } = models.density!;
    const losses = async (given?: readonly number[]): Promise<number[]> => {
      const found: number[] = [];
      const data = arrayData({ x, validation: 0, ...(given && { weights: given }) });
      const training = {
        steps: 3,
        batchSize: 8,
        schedule: { kind: "constant", learningRate: 0.01 },
      } as const;
      await fit(model, data, training, {
        engine: referenceEngine(),
        onProgress: ({ loss }) => found.push(loss),
      });
      return found;
    };
    const plain = await losses();
    assert.deepEqual(await losses(Array.from({ length: 32 }, () => 7)), plain);
    const other = await losses(Array.from({ length: 32 }, (_, i) => 1 + (i % 2)));
    assert.notDeepEqual(other, plain);
  });
});
