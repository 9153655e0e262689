import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Examples } from "../../src/cli/examples.js";
import { expectReconstructed, reconstruct } from "../../src/cli/reconstruction.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { createModel } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel } from "../../src/runner/index.js";
import { ndarray } from "../../src/tree.js";
import { smallModels } from "../models/small-configs.js";

const pixels = [0, 255, 0, 7, 0, 255, 128, 0];

function examplesOf(shape: readonly number[]): Examples {
  const x = ndarray(pixels, [1, ...shape]);
  return {
    split: "test",
    count: 1,
    unit: "pixel units",
    unitSize: 255,
    take: () => ({ x, labels: new Uint8Array(1) }),
  };
}

describe("reconstruct", () => {
  it("brings a density's pixels back", async () => {
    const model = createModel("maf", smallModels.maf!.configs.image!);
    assert.ok(model.task === "density");
    const arrays = model.scope.initialArrays(Random.fromSeed(1));
    const runner = await openModel(model, arrays, { engine: referenceEngine() });
    const indices = Uint32Array.of(0);
    const measurement = await reconstruct(runner, examplesOf([2, 2, 2]), { indices });
    expectReconstructed(measurement);
    assert.ok(measurement.reconstruction.maxError < 1e-4);
  });

  it("brings a classifier's pixels back", async () => {
    const model = createModel("i-resnet-classifier", {
      shape: [2, 2, 2],
      classes: 3,
      blocks: [1],
      widths: [3],
      squeezeFirst: false,
      channels: 2,
      centre: { mean: 100, deviation: 60 },
    });
    assert.ok(model.task === "classification");
    const arrays = model.scope.initialArrays(Random.fromSeed(1));
    const runner = await openModel(model, arrays, { engine: referenceEngine() });
    const indices = Uint32Array.of(0);
    expectReconstructed(await reconstruct(runner, examplesOf([2, 2, 2]), { indices }));
  });
});
