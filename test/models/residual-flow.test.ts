import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { exact } from "../../src/bijections/index.js";
import type { Engine } from "../../src/engine/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { LipschitzError, ShapeError, UsageError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { residualFlow, stepOf } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { toyData } from "../../src/data/index.js";
import { fit } from "../../src/train/fit.js";
import { assertGradients } from "../support/derivatives.js";
import { noiseFeeds, parametersOf, settledFeeds } from "../support/modules.js";
import { assertClose, normals, uniforms } from "../support/values.js";

describe("Residual Flow", () => {
  it("refuses to have no blocks, and dense ones after those of vectors, which are", () => {
    const dense = { blocks: 1, widths: [4] };
    for (const [config, field] of [
      [{ shape: [3, 8, 8], blocks: [], widths: [5], dense }, "blocks"],
      [{ shape: [2], blocks: [1], widths: [5], dense }, "dense"],
    ] as const) {
      assert.throws(() => residualFlow(config), {
        name: UsageError.name,
        message: new RegExp(`\\b${field}\\b`),
      });
    }
  });

  it("keeps every dimension from scale to scale, and ends in dense blocks", () => {
    const model = residualFlow({
      shape: [3, 8, 8],
      blocks: [1, 2, 1],
      widths: [5],
      dense: { blocks: 1, widths: [7, 6] },
    });
    assert.deepEqual(
      model.blocks.map(({ path, dimensions }) => [path, dimensions]),
      [
        ["stages.0.blocks.0", 192],
        ["stages.1.blocks.0", 192],
        ["stages.1.blocks.1", 192],
        ["stages.2.blocks.0", 192],
        ["dense.blocks.0", 192],
      ],
    );
    assert.deepEqual(model.bijection.outShape, [192]);
    const shapes = Object.fromEntries(
      model.scope.variables.map(({ name, tensor }) => [name, tensor.shape]),
    );
    // Squeezes between the scales alone: 3, 12 and 48 channels.
    assert.deepEqual(shapes["stages.0.blocks.0.branch.conv1.weight"], [5, 3, 3, 3]);
    assert.deepEqual(shapes["stages.1.blocks.0.branch.conv1.weight"], [5, 12, 3, 3]);
    assert.deepEqual(shapes["stages.2.blocks.0.branch.conv3.weight"], [48, 5, 3, 3]);
    assert.deepEqual(shapes["dense.blocks.0.branch.linear2.weight"], [6, 7]);
    assert.ok(!("stages.0.blocks.0.branch.activation1.lipswish.b" in shapes));
    assert.ok("stages.1.blocks.0.branch.activation1.lipswish.b" in shapes);
    assert.ok(model.scope.norms.every(({ c }) => c === 0.98));
  });

  it("factors half the channels out where it is told to", () => {
    const model = residualFlow({
      shape: [1, 8, 8],
      blocks: [1, 1],
      widths: [5],
      squeezeFirst: true,
      factorOut: true,
      dense: { blocks: 1, widths: [6] },
    });
    assert.deepEqual(
      model.blocks.map(({ dimensions }) => dimensions),
      [64, 32, 32],
    );
    assert.deepEqual(model.bijection.outShape, [64]);
  });

  it("has the gradient that differences show, exact log-determinant", () => {
    const dense = { blocks: 1, widths: [3] };
    for (const config of [
      { shape: [2], blocks: [2], widths: [5] },
      { shape: [2], blocks: [1], widths: [4], condition: 3 },
      { shape: [1, 2, 2], blocks: [1, 1], widths: [2], dense, alpha: 0.05 },
    ]) {
      const model = residualFlow(config);
      const x = model.pixels
        ? uniforms("pixels", [2, ...config.shape], 0, 255)
        : normals("x", [2, ...config.shape]);
      const condition = normals("condition", [2, 3]);
      const batch = {
        x: input("x", x.shape),
        ...(model.batch.condition && { condition: input("condition", [2, 3]) }),
      };
      const ctx = new Context({ phase: "train", logDet: exact, step: stepOf(model) });
      const { loss } = model.objective(batch, ctx);
      const feeds = { ...settledFeeds(model.scope), x, condition, ...noiseFeeds(ctx, [loss]) };
      assertGradients(loss, parametersOf(model.scope), feeds);
    }
  });

  it("refuses what it can't be", () => {
    const config = { shape: [1, 4, 4], blocks: [1], widths: [2] };
    assert.throws(() => residualFlow({ ...config, c: 1 }), LipschitzError);
    assert.throws(() => residualFlow({ ...config, alpha: 0.5 }), UsageError);
    assert.throws(() => residualFlow({ ...config, blocks: [1, 1, 1, 1] }), ShapeError);
    assert.throws(() => residualFlow({ ...config, dense: { blocks: 0, widths: [] } }), UsageError);
  });
});

describe("a Residual Flow in training", () => {
  const engines: Engine[] = [];
  before(async () => {
    for (let i = 0; i < 2; i++) engines.push(await nodeEngine({ threads: 1 }));
  });
  after(async () => {
    for (const engine of engines) await engine.close();
  });

  async function losses(workers: readonly Engine[]): Promise<number[]> {
    const found: number[] = [];
    await fit(
      residualFlow({ shape: [2], blocks: [2], widths: [8], c: 0.9 }),
      toyData("moons"),
      {
        steps: 8,
        batchSize: 16,
        initialExamples: 64,
        schedule: { kind: "constant", learningRate: 0.01 },
        logDet: { kind: "roulette", exactTerms: 1 },
      },
      { engine: workers[0]!, workers, onProgress: ({ loss }) => found.push(loss) },
    );
    return found;
  }

  it("replays, and takes as many terms whoever shares the batch", async () => {
    const [first, second] = [engines.slice(0, 1), engines];
    const alone = await losses(first);
    assert.deepEqual(await losses(first), alone);
    assert.ok(alone.every(Number.isFinite));
    assertClose(await losses(second), alone, 1e-4, "two workers");
  });
});
