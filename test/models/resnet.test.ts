import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import { referenceEngine } from "../../src/engine/reference-engine.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { openModel, type AnyRunner } from "../../src/runner/index.js";
import { resNet, type Model, type ResNetConfig } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { ndarray, sizeOf } from "../../src/tree.js";
import { presets } from "../../src/train/presets/index.js";
import { assertGradients } from "../support/derivatives.js";
import { convMatrix, matrixOf } from "../support/matrices.js";
import { parametersOf, settledFeeds } from "../support/modules.js";
import { assertClose, normals, type Feeds, type Values } from "../support/values.js";

const small: ResNetConfig = {
  shape: [2, 4, 4],
  classes: 3,
  channels: 4,
  blocks: [1, 1],
  widths: [4, 8],
  centre: { mean: 0.3, deviation: 1.7 },
  pixels: "real",
};

describe("ResNet's configuration", () => {
  it("refuses an unknown field of centre", () => {
    const centre = { ...small.centre, scale: 2 };
    assert.throws(() => resNet({ ...small, centre }), { name: UsageError.name, message: /scale/ });
  });
});

describe("ResNet-164", () => {
  const { model: preset } = presets["cifar-10-resnet-paper"]!;
  const { scope } = resNet(preset.config as ResNetConfig);

  it("has 164 layers", () => {
    const layers = scope.variables.filter(({ name }) => name.endsWith("weight"));
    const projections = layers.filter(({ name }) => name.includes("projection"));
    assert.equal(layers.length - projections.length, 164);
    assert.equal(projections.length, 3);
  });

  it("has the parameters that its bottlenecks, norms and head add up to", () => {
    const bottleneck = (channels: number, width: number): number => {
      const inside = width / 4;
      const convs = channels * inside + 9 * inside ** 2 + inside * width;
      return convs + 2 * (channels + 2 * inside);
    };
    const stage = (channels: number, width: number): number =>
      bottleneck(channels, width) + channels * width + 17 * bottleneck(width, width);
    const expected =
      9 * 3 * 16 + stage(16, 64) + stage(64, 128) + stage(128, 256) + 2 * 256 + 257 * 10;
    assert.equal(expected, 1_703_258);
    const actual = scope.variables
      .filter(({ kind }) => kind === "parameter")
      .reduce((total, { tensor }) => total + sizeOf(tensor.shape), 0);
    assert.equal(actual, expected);
  });
});

describe("ResNet", () => {
  it("computes the strided network of the paper", () => {
    const model = resNet(small);
    const feeds = withStatistics(model, settledFeeds(model.scope, { gain: 1 }));
    const x = normals("x", [1, ...small.shape]);
    const logits = model.classifier.logits(input("x", x.shape), new Context({ phase: "infer" }));
    const { y } = evaluate({ y: logits }, { ...feeds, x });
    assertClose(y.data, logitsByMatrices(x, feeds), 1e-12, "logits");
  });

  it("has the gradient that differences show", () => {
    const model = resNet(small);
    const x = normals("x", [3, ...small.shape]);
    const y = { shape: [3, 3], data: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
    const batch = { x: input("x", x.shape), y: input("y", y.shape) };
    const { loss } = model.objective(batch, new Context({ phase: "train" }));
    const feeds = { ...settledFeeds(model.scope, { gain: 1 }), x, y };
    assertGradients(loss, parametersOf(model.scope), feeds);
  });

  it("predicts, and says that it has no inverse", async () => {
    const model = resNet(small);
    const arrays = model.scope.initialArrays(Random.fromSeed(1));
    const runner = await openModel(model, arrays, { engine: referenceEngine() });
    const x = ndarray(normals("x", [2, ...small.shape]).data, [2, ...small.shape]);
    const { shape, data } = await runner.predict(x);
    assert.deepEqual(shape, [2, 3]);
    assertClose([data[0]! + data[1]! + data[2]!], [1], 1e-6, "probabilities");
    const noInverse = { name: UsageError.name, message: /an inverse, got resnet, which has none/ };
    const anyRunner: AnyRunner = runner;
    await assert.rejects(anyRunner.forward(x), noInverse);
    await assert.rejects(anyRunner.inverse(x), noInverse);
    // @ts-expect-error a ResNet has no inverse, and its type says so
    await assert.rejects(runner.forward(x), noInverse);
    await runner.close();
  });

  it("refuses what it can't halve, widths it can't quarter, and vectors", () => {
    assert.throws(() => resNet({ ...small, shape: [2, 5, 4] }), ShapeError);
    assert.throws(() => resNet({ ...small, widths: [4, 6] }), UsageError);
    assert.throws(() => resNet({ ...small, widths: [4] }), /a width for each stage/);
    assert.throws(() => resNet({ ...small, blocks: [], widths: [] }), UsageError);
    assert.throws(() => resNet({ ...small, shape: [16] }), UsageError);
  });
});

/** The feeds with running statistics that are not 0 and 1. */
function withStatistics({ scope }: Model, feeds: Feeds): Feeds {
  const state = scope.variables.filter(({ kind }) => kind === "state");
  return {
    ...feeds,
    ...Object.fromEntries(
      state.map(({ name, tensor: { shape } }): [string, Values] => {
        const { data } = normals(name, shape, 0.5);
        return [
          name,
          { shape, data: name.endsWith("variance") ? Array.from(data, Math.exp) : data },
        ];
      }),
    ),
  };
}

/** The same network as strided convolutions by their matrices, on one image. */
function logitsByMatrices({ data }: Values, feeds: Feeds): number[] {
  const conv = (x: number[], name: string, size: number, stride: number): number[] => {
    const matrix = convMatrix(feeds[`${name}.weight`]!, size, size);
    const rows = Array.from({ length: matrix.rows }, (_, row) => row).filter((row) => {
      const [i, j] = [Math.floor(row / size) % size, row % size];
      return i % stride === 0 && j % stride === 0;
    });
    return rows.map((row) => matrix.getRow(row).reduce((sum, w, k) => sum + w * x[k]!, 0));
  };
  const activated = (x: number[], name: string): number[] => {
    const [mean, variance, scale, shift] = ["mean", "variance", "scale", "shift"].map(
      (part) => feeds[`${name}.${part}`]!.data,
    );
    const area = x.length / mean!.length;
    return x.map((value, i) => {
      const c = Math.floor(i / area);
      const standard = (value - mean![c]!) / Math.sqrt(variance![c]! + 1e-5);
      return Math.max(0, standard * scale![c]! + shift![c]!);
    });
  };
  const branch = (h: number[], at: string, size: number, stride: number): number[] => {
    const inside = conv(h, `${at}.conv1`, size, stride);
    const small = size / stride;
    const deeper = conv(activated(inside, `${at}.norm2`), `${at}.conv2`, small, 1);
    return conv(activated(deeper, `${at}.norm3`), `${at}.conv3`, small, 1);
  };
  const plus = (a: number[], b: number[]): number[] => a.map((value, i) => value + b[i]!);

  const { mean, deviation } = small.centre;
  const stem = conv(
    Array.from(data, (value) => (value - mean) / deviation),
    "stem",
    4,
    1,
  );
  const first = "stages.0.blocks.0";
  const a = plus(stem, branch(activated(stem, `${first}.norm1`), first, 4, 1));
  const second = "stages.1.blocks.0";
  const h = activated(a, `${second}.norm1`);
  const b = plus(conv(h, `${second}.projection`, 4, 2), branch(h, second, 4, 2));
  const last = activated(b, "head.norm");
  const features = Array.from({ length: 8 }, (_, c) =>
    last.slice(4 * c, 4 * c + 4).reduce((sum, value) => sum + value / 4, 0),
  );
  const weight = matrixOf(feeds["head.linear.weight"]!.data, 8);
  const bias = feeds["head.linear.bias"]!.data;
  return Array.from({ length: 3 }, (_, k) =>
    weight.getRow(k).reduce((sum, w, i) => sum + w * features[i]!, bias[k]!),
  );
}
