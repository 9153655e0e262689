import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrayData } from "../../src/data/index.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { expectReconstructed, reconstruct } from "../../src/measure/index.js";
import { createModel, iResNetDensity } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel } from "../../src/runner/index.js";
import { describeData } from "../../src/data/index.js";
import { smallModels } from "../models/small-configs.js";

const pixels = { shape: [1, 2, 2, 2], data: Uint8Array.of(0, 255, 0, 7, 0, 255, 128, 0) };
const images = arrayData({ x: pixels, validation: 0 });
const engine = referenceEngine();

describe("reconstruct", () => {
  it("measures pixels in units of their range", async () => {
    const model = createModel("maf", smallModels.maf!.configs.image!);
    const arrays = model.scope.initialArrays(Random.fromSeed(1));
    const runner = await openModel(model, arrays, { engine });
    const measurement = await reconstruct(runner, await images.split("train"));
    expectReconstructed(measurement);
    const { unit, maxError, examples } = measurement.reconstruction;
    assert.deepEqual([unit, examples], ["pixel units", 1]);
    const back = await runner.inverse(await runner.forward(pixels));
    const largest = Math.max(...back.data.map((value, i) => Math.abs(value - pixels.data[i]!)));
    assert.ok(Math.abs(maxError - largest / 255) < 1e-12 && maxError < 1e-4);
  });

  it("measures columns in standard deviations", async () => {
    const x = {
      shape: [50, 2],
      data: Random.fromSeed(2)
        .normal(100)
        .map((u) => 1000 * u),
    };
    const data = arrayData({ x, validation: 0 });
    const model = iResNetDensity({ shape: [2], blocks: [1], widths: [4] });
    const runner = await openModel(model, model.scope.initialArrays(Random.fromSeed(1)), {
      engine,
      data: describeData(data),
    });
    const { reconstruction } = await reconstruct(runner, await data.split("train"), { count: 20 });
    assert.deepEqual([reconstruction.unit, reconstruction.examples], ["standard deviations", 20]);
    assert.ok(reconstruction.maxError > 0 && reconstruction.maxError < 1e-5);
    assert.equal(reconstruction.curve.length, 9);
  });
});
