import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Examples } from "../../src/cli/examples.js";
import type { AnyRunner } from "../../src/cli/perform.js";
import { expectReconstructed, reconstruct } from "../../src/cli/reconstruction.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { ClassifierRunner, createModel, DensityRunner } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
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
    take: () => ({ x, labels: new Int32Array(1) }),
  };
}

/** Fills with what the runner maps from now on. */
function recordMapped(runner: AnyRunner): number[][] {
  const mapped: number[][] = [];
  const forward = runner.forward.bind(runner);
  runner.forward = (x) => {
    mapped.push([...x.data]);
    return forward(x);
  };
  return mapped;
}

describe("reconstruct", () => {
  it("maps the middle of a density's pixels, and compares with it", async () => {
    const model = createModel("maf", smallModels.maf.configs.image!);
    assert.ok(model.task === "density");
    const arrays = model.scope.initialArrays(Random.fromSeed(1));
    const runner = await DensityRunner.open(referenceEngine(), model, arrays);
    const mapped = recordMapped(runner);
    const indices = Uint32Array.of(0);
    const measurement = await reconstruct(runner, examplesOf([2, 2, 2]), { indices });
    assert.deepEqual(mapped, [pixels.map((pixel) => pixel + 0.5)]);
    expectReconstructed(measurement);
    assert.ok(measurement.reconstruction.maxError < 1e-4);
  });

  it("maps a classifier's pixels as they are", async () => {
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
    const runner = await ClassifierRunner.open(referenceEngine(), model, arrays);
    const mapped = recordMapped(runner);
    await reconstruct(runner, examplesOf([2, 2, 2]), { indices: Uint32Array.of(0) });
    assert.ok(mapped.length > 0 && mapped.every((x) => String(x) === String(pixels)));
  });
});
