import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exact, neumannSeries } from "../../src/bijections/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { LipschitzError, ShapeError, UsageError } from "../../src/errors.js";
import { input, type Tensor } from "../../src/graph/index.js";
import { iResNetClassifier, type IResNetClassifierConfig } from "../../src/models/index.js";
import { iResNetDensity, type IResNetDensityConfig } from "../../src/models/index.js";
import { stepOf, type Classifier, type Density, type Model } from "../../src/models/index.js";
import { createModel } from "../../src/models/index.js";
import { Context, type LogDetEstimator } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { sizeOf } from "../../src/tree.js";
import { assertGradients } from "../support/derivatives.js";
import { noiseFeeds, parametersOf, settledFeeds } from "../support/modules.js";
import { assertClose, normals, uniforms, type Feeds, type Values } from "../support/values.js";

const imageClassifier: IResNetClassifierConfig = {
  shape: [1, 4, 4],
  classes: 3,
  blocks: [1, 1],
  widths: [2, 3],
  squeezeFirst: true,
  channels: 6,
  centre: { mean: 0.1, deviation: 0.7 },
  activation: "elu",
  c: 0.9,
};

const vectorClassifier: IResNetClassifierConfig = {
  ...imageClassifier,
  shape: [2],
  blocks: [2],
  widths: [5],
  squeezeFirst: false,
  channels: 4,
};

const imageDensity: IResNetDensityConfig = {
  shape: [1, 4, 4],
  blocks: [1, 1],
  widths: [2],
  pixels: "logit",
  activation: "elu",
  c: 0.9,
};

const vectorDensity: IResNetDensityConfig = {
  shape: [2],
  blocks: [2],
  widths: [5],
  pixels: "logit",
  activation: "lipswish",
  c: 0.9,
};

const parameterCount = ({ scope }: Model): number =>
  scope.variables
    .filter(({ kind }) => kind === "parameter")
    .reduce((total, { tensor }) => total + sizeOf(tensor.shape), 0);

const namesOf = ({ scope }: Model, kind: "parameter" | "state"): string[] =>
  scope.variables.filter((variable) => variable.kind === kind).map(({ name }) => name);

/** One-hot rows. */
function oneHot(labels: readonly number[], classes: number): Values {
  const data = labels.flatMap((label) => Array.from({ length: classes }, (_, i) => +(i === label)));
  return { shape: [labels.length, classes], data };
}

describe("i-ResNet classifier", () => {
  it("names its variables by where they are", () => {
    const model = iResNetClassifier({ ...vectorClassifier, blocks: [1], widths: [5] });
    const block = "stages.0.blocks.0";
    assert.deepEqual(namesOf(model, "parameter"), [
      `${block}.branch.linear1.weight`,
      `${block}.branch.linear1.bias`,
      `${block}.branch.linear2.weight`,
      `${block}.branch.linear2.bias`,
      `${block}.actNorm.logScale`,
      `${block}.actNorm.shift`,
      "head.norm.scale",
      "head.norm.shift",
      "head.linear.weight",
      "head.linear.bias",
    ]);
    assert.deepEqual(namesOf(model, "state"), [
      `${block}.branch.linear1.u`,
      `${block}.branch.linear1.v`,
      `${block}.branch.linear2.u`,
      `${block}.branch.linear2.v`,
      `${block}.actNorm.initialised`,
      "head.norm.mean",
      "head.norm.variance",
    ]);
    assert.deepEqual(model.blocks, [
      {
        path: block,
        dimensions: 4,
        norms: [`${block}.branch.linear1`, `${block}.branch.linear2`],
      },
    ]);
  });

  it("has the parameters that its blocks, norms and head add up to", () => {
    const model = iResNetClassifier({
      ...imageClassifier,
      shape: [1, 28, 28],
      classes: 10,
      blocks: [4, 4],
      widths: [32, 64],
      channels: 16,
    });
    const block = (channels: number, width: number): number =>
      (9 * channels + 1) * width + (width + 1) * width + (9 * width + 1) * channels + 2 * channels;
    const head = 2 * 64 + 65 * 10;
    assert.equal(4 * block(16, 32) + 4 * block(64, 64) + head, 354_762);
    assert.equal(parameterCount(model), 354_762);
    assert.deepEqual(model.bijection.outShape, [64, 7, 7]);
  });

  it("takes images and vectors to logits, in the units of its data", () => {
    for (const config of [imageClassifier, vectorClassifier]) {
      const model = iResNetClassifier(config);
      const x = normals("x", [2, ...config.shape]);
      const logits = (m: Classifier): Tensor =>
        m.classifier.logits(input("x", x.shape), new Context({ phase: "infer" }));
      assert.deepEqual(logits(model).shape, [2, 3]);
      const { mean, deviation } = config.centre;
      const raw = iResNetClassifier({ ...config, centre: { mean: 0, deviation: 1 } });
      const standard = Float64Array.from(x.data, (value) => (value - mean) / deviation);
      const feeds = settledFeeds(model.scope);
      const { y } = evaluate({ y: logits(model) }, { ...feeds, x });
      const expected = evaluate({ y: logits(raw) }, { ...feeds, x: { data: standard } }).y;
      assertClose(y.data, expected.data, 1e-13, "logits");
    }
  });

  it("comes back through its padding", () => {
    for (const config of [imageClassifier, vectorClassifier]) {
      const { bijection, scope } = iResNetClassifier(config);
      const ctx = new Context({
        phase: "infer",
        inverse: () => ({ steps: 500, tolerance: 1e-15 }),
      });
      const x = normals("x", [2, ...config.shape]);
      const { value } = bijection.forward(input("x", x.shape), ctx);
      const back = bijection.inverse(value, ctx);
      assert.equal(back.checks.length, 3, "two blocks and the padding");
      const results = evaluate({ x: back.value }, { ...settledFeeds(scope), x });
      assertClose(results.x.data, x.data, 1e-11, "x");
    }
  });

  it("minimises the cross-entropy of the true class, and counts errors", () => {
    const model = iResNetClassifier(vectorClassifier);
    const x = normals("x", [4, 2]);
    const labels = [0, 2, 1, 2];
    const ctx = new Context({ phase: "infer" });
    const batch = { x: input("x", [4, 2]), y: input("y", [4, 3]) };
    const { loss, metrics } = model.objective(batch, ctx);
    const logits = model.classifier.logits(batch.x, ctx);
    const results = evaluate(
      { loss, error: metrics["error (%)"]!, logits },
      { ...settledFeeds(model.scope), x, y: oneHot(labels, 3) },
    );
    const rows = labels.map((label, i) => {
      const row = [...results.logits.data.slice(3 * i, 3 * i + 3)];
      const total = row.reduce((sum, l) => sum + Math.exp(l), 0);
      return { nats: Math.log(total) - row[label]!, wrong: row[label]! < Math.max(...row) };
    });
    const mean = rows.reduce((sum, { nats }) => sum + nats, 0) / 4;
    assertClose(results.loss.data, [mean], 1e-14, "loss");
    assertClose(results.error.data, [25 * rows.filter(({ wrong }) => wrong).length], 0, "error");
  });

  for (const [kind, config] of Object.entries({
    image: {
      ...imageClassifier,
      shape: [1, 2, 2],
      widths: [2, 1],
      squeezeFirst: false,
      channels: 2,
    },
    vector: vectorClassifier,
    vanilla: { ...vectorClassifier, c: null },
  })) {
    it(`has the gradient that differences show, ${kind}`, () => {
      const model = iResNetClassifier(config);
      const x = normals("x", [3, ...config.shape]);
      const batch = { x: input("x", x.shape), y: input("y", [3, 3]) };
      const { loss } = model.objective(batch, new Context({ phase: "train" }));
      const feeds = { ...settledFeeds(model.scope), x, y: oneHot([0, 1, 2], 3) };
      expectGradients(model, loss, feeds);
    });
  }
});

describe("i-ResNet density", () => {
  it("has the parameters that its blocks, norms and base add up to", () => {
    const model = iResNetDensity({
      ...imageDensity,
      shape: [1, 28, 28],
      blocks: [6, 6],
      widths: [32],
    });
    const block = (channels: number): number =>
      (9 * channels + 1) * 32 + 33 * 32 + (9 * 32 + 1) * channels + 2 * channels;
    assert.equal(6 * block(4) + 6 * block(8) + 2 * 784, 56_312);
    assert.equal(parameterCount(model), 56_312);
    assert.deepEqual(model.bijection.outShape, [784]);
    assert.equal(model.dimensions, 784);
    assert.deepEqual(
      model.blocks.map(({ dimensions }) => dimensions),
      [...Array<number>(6).fill(784), ...Array<number>(6).fill(392)],
    );
  });

  it("dequantises pixels and takes vectors as they are", () => {
    for (const [config, noises] of [
      [imageDensity, ["uniform"]],
      [vectorDensity, []],
    ] as const) {
      const model = iResNetDensity(config);
      assert.equal(model.pixels, noises.length > 0);
      const ctx = new Context({ phase: "train", logDet: exact, step: stepOf(model) });
      model.objective({ x: input("x", [2, ...config.shape]) }, ctx);
      assert.deepEqual(Object.values(ctx.noises), noises);
    }
  });

  for (const [kind, config] of Object.entries({
    image: { ...imageDensity, widths: [1] },
    vector: vectorDensity,
  })) {
    it(`has the gradient that differences show, ${kind}, exact log-determinant`, () => {
      const { model, loss, feeds } = objective(config, exact, 1);
      expectGradients(model, loss, feeds);
    });
  }

  it("has the gradient that differences show with a Neumann series, where that is exact", () => {
    const [terms, probes] = [80, 4];
    const { model, loss, feeds } = objective(
      { ...vectorDensity, c: 0.6 },
      neumannSeries({ terms, probes }),
    );
    const signs = [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ];
    // Each block takes four probes in a row: all there are in two dimensions.
    const noise = Object.keys(feeds).filter((name) => name.startsWith("noise."));
    assert.equal(noise.length, 2 * probes);
    const probed = Object.fromEntries(
      noise.map((name) => {
        const sign = signs[Number(name.slice("noise.".length)) % probes]!;
        return [name, { shape: [2, 2], data: [...sign, ...sign] }] as const;
      }),
    );
    const reference = objective({ ...vectorDensity, c: 0.6 }, exact);
    assertGradients(
      loss,
      parametersOf(model.scope),
      { ...feeds, ...probed },
      {
        value: (at) => evaluate({ loss: reference.loss }, at).loss.data[0]!,
      },
    );
  });

  it("starts close to the data it is initialised from", () => {
    const model = iResNetDensity(imageDensity);
    const x = uniforms("pixels", [40, 1, 4, 4], 0, 255);
    const first = model.scope.initialArrays(Random.fromSeed(3));
    const step = stepOf(model);
    const ctx = new Context({ phase: "initialise", logDet: exact, powerIterations: 20, step });
    const { loss } = model.objective({ x: input("x", x.shape) }, ctx);
    const outputs = { loss, ...ctx.updates };
    const noise = noiseFeeds(ctx, Object.values(outputs));
    const { loss: fitted, ...updates } = evaluate<string>(outputs, { ...first, ...noise, x });
    const expected = model.scope.variables
      .filter(({ name }) => /actNorm|^base|\.[uv]$/.test(name))
      .map(({ name }) => name);
    assert.deepEqual(Object.keys(updates).sort(), expected.sort());
    const later = new Context({ phase: "train", logDet: exact, step });
    const again = model.objective({ x: input("x", x.shape) }, later).loss;
    const feeds = { ...first, ...noise, x };
    const [before, after] = [feeds, { ...feeds, ...updates }].map(
      (at) => evaluate({ again }, at).again.data[0]!,
    );
    assertClose([after!], fitted!.data, 1e-9, "the run that fits scores with what it fitted");
    assert.ok(after! < before! - 1, `${after} nats, ${before} before`);
  });
});

describe("i-ResNet configurations", () => {
  for (const c of [1, 1.5, 0, -0.1, NaN, Infinity]) {
    it(`refuse c = ${c}`, () => {
      for (const config of [imageClassifier, vectorClassifier]) {
        assert.throws(() => iResNetClassifier({ ...config, c }), LipschitzError);
      }
      for (const config of [imageDensity, vectorDensity]) {
        assert.throws(() => iResNetDensity({ ...config, c }), LipschitzError);
      }
    });
  }

  it("take c = 1 and more from who says that nothing is invertible then, and keep it", () => {
    const c = { norm: 1.5, invertible: false } as const;
    for (const model of [
      iResNetDensity({ ...vectorDensity, c }),
      iResNetClassifier({ ...imageClassifier, c }),
    ]) {
      assert.deepEqual((model.config as { c: unknown }).c, c);
      assert.ok(model.scope.norms.every((norm) => norm.c === 1.5));
    }
    for (const bad of [{ norm: 1.5 }, { norm: 1.5, invertible: true }, "1.5"]) {
      assert.throws(() => iResNetDensity({ ...vectorDensity, c: bad as never }), {
        name: "UsageError",
        message: /expected a number, null for no bound, or \{ norm, invertible: false \}/,
      });
    }
  });

  it("refuse images that can't be squeezed so often", () => {
    const shape = [1, 6, 6];
    assert.throws(() => iResNetClassifier({ ...imageClassifier, shape }), ShapeError);
    assert.throws(() => iResNetDensity({ ...imageDensity, shape }), ShapeError);
  });

  it("refuse fewer channels than the data have", () => {
    assert.throws(() => iResNetClassifier({ ...imageClassifier, channels: 3 }), ShapeError);
  });

  it("refuse widths and blocks that don't match", () => {
    assert.throws(
      () => iResNetClassifier({ ...imageClassifier, widths: [2], blocks: [1, 1] }),
      UsageError,
    );
    assert.throws(() => iResNetClassifier({ ...imageClassifier, widths: [2, 3, 4] }), /widths/);
    assert.throws(() => iResNetDensity({ ...imageDensity, widths: [2, 3] }), UsageError);
  });

  for (const [kind, config] of Object.entries({
    "i-resnet-classifier": imageClassifier,
    "i-resnet-density": imageDensity,
  })) {
    it(`refuse what isn't a configuration, ${kind}`, () => {
      for (const value of [null, 3, "c", [], {}, { ...config, c: "0.9" }]) {
        assert.throws(() => createModel(kind, value), UsageError);
      }
    });

    it(`refuse shapes of neither vectors nor images, ${kind}`, () => {
      for (const shape of [[], [4, 4], [1, 1, 4, 4]]) {
        assert.throws(() => createModel(kind, { ...config, shape }), {
          name: "UsageError",
          message: /\[D\] of a vector or \[C, H, W\] of an image/,
        });
      }
    });
  }
});

function objective(
  config: IResNetDensityConfig,
  logDet: LogDetEstimator,
  batch = 2,
): { model: Density; loss: Tensor; feeds: Feeds } {
  const model = iResNetDensity(config);
  const x = model.pixels
    ? uniforms("pixels", [batch, ...config.shape], 0, 255)
    : normals("x", [batch, ...config.shape]);
  const ctx = new Context({ phase: "train", logDet, step: stepOf(model) });
  const { loss } = model.objective({ x: input("x", x.shape) }, ctx);
  return { model, loss, feeds: { ...settledFeeds(model.scope), x, ...noiseFeeds(ctx, [loss]) } };
}

function expectGradients(model: Model, loss: Tensor, feeds: Feeds): void {
  assert.deepEqual(loss.shape, []);
  assertGradients(loss, parametersOf(model.scope), feeds);
}
