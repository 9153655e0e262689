import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { powerSeries } from "../../src/bijections/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { createModel, ffjord, type Density } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { findPreset } from "../../src/train/presets/index.js";
import { openModel, type Runner } from "../../src/runner/index.js";
import { Flow } from "../../src/distributions/index.js";
import { Random } from "../../src/random.js";
import { ndarray } from "../../src/tree.js";
import { scalarAt } from "../support/derivatives.js";
import { noiseFeeds, settledFeeds } from "../support/modules.js";
import { normals } from "../support/values.js";

/** Channels that each flow of a preset takes, in order. */
function channelsOf(preset: string): number[] {
  const { kind, config } = findPreset(preset).model;
  return createModel(kind, config).scope.variables.flatMap(({ name, tensor }) =>
    name.endsWith("layer1.weight") ? [tensor.shape[1]!] : [],
  );
}

describe("Ffjord", () => {
  it("has the paper's scales: flows around each squeeze, and half the channels factored out", () => {
    assert.deepEqual(channelsOf("mnist-ffjord-paper"), [1, 1, 4, 4, 2, 2, 8, 8, 4, 4]);
    assert.deepEqual(
      channelsOf("cifar-10-ffjord-paper"),
      [3, 3, 12, 12, 6, 6, 24, 24, 12, 12, 48, 48, 24, 24],
    );
    assert.deepEqual(channelsOf("mnist-ffjord"), [4, 8]);
  });

  it("reports how often its flows were evaluated, all together", () => {
    const evaluations = (flows: number): number => {
      const model = ffjord({ shape: [2], flows: [[flows]], widths: [4], tolerance: 1e-3 });
      const ctx = new Context({ phase: "train", logDet: powerSeries({ terms: 1 }) });
      const { metrics } = model.objective({ x: input("x", [5, 2]) }, ctx);
      return scalarAt(metrics.evaluations!, {
        ...settledFeeds(model.scope, { gain: 1 }),
        ...noiseFeeds(ctx, [metrics.evaluations!]),
        x: normals("x", [5, 2]),
      });
    };
    const one = evaluations(1);
    const three = evaluations(3);
    assert.equal(one % 6, 1); // one at the start, six a step
    assert.equal(three % 6, 3);
    assert.ok(one >= 7 && three >= 3 * 7, `${one} ${three}`);
  });

  it("asks for a check of each flow when it samples", () => {
    const model = ffjord({ shape: [1, 4, 4], flows: [[1, 2], [1]], widths: [2] });
    const { checks } = new Flow(model.density.base, model.bijection).sample(
      2,
      1,
      new Context({ phase: "infer" }),
    );
    assert.deepEqual(checks.map(({ where }) => where).sort(), [
      "scales.0.after.0",
      "scales.0.after.1",
      "scales.0.before.0",
      "scales.1.before.0",
    ]);
  });

  it("raises an error in place of scores and latents that its solver doesn't reach", async () => {
    const open = async (steps: number): Promise<Runner<Density>> => {
      const model = ffjord({ shape: [2], widths: [4], steps });
      const arrays = model.scope.initialArrays(Random.fromSeed(1));
      return openModel(model, arrays, { engine: referenceEngine() });
    };
    const x = ndarray([0.5, -1], [1, 2]);
    const random = Random.fromSeed(0);
    const { logProb } = await (await open(100)).score(x, { random });
    assert.ok(Number.isFinite(logProb.data[0]));
    const stopped = await open(1);
    const expected = {
      name: "ConvergenceError",
      message: /^forward pass of flows\.0: .*; allow the solver more steps/,
    };
    await assert.rejects(stopped.score(x, { random }), expected);
    await assert.rejects(stopped.forward(x), expected);
  });

  it("refuses flows that its data can't have", () => {
    assert.throws(() => ffjord({ shape: [2], flows: [[1, 1]], widths: [4] }), UsageError);
    assert.throws(() => ffjord({ shape: [2], flows: [[1], [1]], widths: [4] }), UsageError);
    assert.throws(() => ffjord({ shape: [2], flows: [[0]], widths: [4] }), UsageError);
    assert.throws(() => ffjord({ shape: [2], widths: [4], tolerance: 0 }), UsageError);
    assert.throws(() => ffjord({ shape: [1, 3, 4], flows: [[1, 1]], widths: [4] }), ShapeError);
  });
});
