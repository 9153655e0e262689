import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { StandardGaussian } from "../../src/distributions/index.js";
import { LipschitzError, UsageError } from "../../src/errors.js";
import {
  createModel,
  defineModel,
  glow,
  iResNetClassifier,
  iResNetDensity,
  iResNetHybrid,
  nice,
  residualFlow,
} from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { Scope, SpectralNorm } from "../../src/nn/index.js";
import { matrixOperator } from "../../src/nn/index.js";
import { parseTrainingConfig } from "../../src/train/config.js";

describe("configurations", () => {
  it("refuse unknown fields, with the nearest name", () => {
    const wrong = (config: object): never => config as never;
    assert.throws(
      () => nice(wrong({ shape: [2], hiden: [4] })),
      /"hiden".*did you mean "hidden"\?/s,
    );
    assert.throws(
      () =>
        residualFlow(
          wrong({ shape: [1, 4, 4], blocks: [1], widths: [2], dense: { blocks: 1, width: [2] } }),
        ),
      /"width".*did you mean "widths"\?/s,
    );
    assert.throws(
      () =>
        parseTrainingConfig({
          steps: 1,
          batchSize: 1,
          schedule: { kind: "constant", learningrate: 1 },
        }),
      /did you mean "learningRate"\?/,
    );
  });

  it("are refused before anything is allocated where they are too large", () => {
    assert.throws(() => iResNetDensity({ shape: [2], blocks: [1e9], widths: [2] }), /blocks\[0\]/);
    assert.throws(() => iResNetDensity({ shape: [1e9], blocks: [1], widths: [2] }), /shape\[0\]/);
    assert.throws(() => glow({ shape: [2], steps: [1001], widths: [2] }), /<=1000/);
    const wide = iResNetDensity({ shape: [2], blocks: [2], widths: [2 ** 20, 2 ** 20] });
    assert.throws(
      () => wide.scope.initialArrays(Random.fromSeed(0)),
      /at most 1,073,741,824 numbers \(4 GiB\), got 2,199,0/,
    );
    const training = { batchSize: 1, schedule: { kind: "constant", learningRate: 1 } as const };
    for (const wrong of [{ steps: 2 ** 53 }, { steps: 1, initialExamples: 1e9 }]) {
      assert.throws(() => parseTrainingConfig({ ...training, ...wrong }), UsageError);
    }
  });

  it("are of a kind, and the nearest is named", () => {
    assert.throws(() => createModel("i-resnet-densty", {}), /did you mean "i-resnet-density"\?/);
    assert.throws(() => createModel("something-else", {}), /registerModel/);
  });

  it("keep a condition in JSON as each model always has", () => {
    assert.deepEqual(
      Object.keys(glow({ shape: [2], steps: [1], widths: [2] }).config).includes("condition"),
      true,
    );
    const residual = iResNetDensity({ shape: [2], blocks: [1], widths: [2] });
    assert.equal("condition" in residual.config, false);
    assert.equal(residual.condition, 0);
    const given = iResNetDensity({ shape: [2], blocks: [1], widths: [2], condition: 3 });
    assert.deepEqual([given.condition, given.batch.condition], [3, [3]]);
  });
});

describe("a bound c near 1", () => {
  const density = { shape: [2], blocks: [1], widths: [2] };
  const classifier = {
    ...density,
    classes: 2,
    squeezeFirst: false,
    channels: 2,
    centre: { mean: 0, deviation: 1 },
  };
  it("is refused when the model is made, with the reason", () => {
    const refused = {
      name: LipschitzError.name,
      message: /0 < c < 0\.998, got 0\.99[89]; norms are estimated and reported 0\.2 % larger/,
    };
    for (const c of [0.998, 0.999]) {
      assert.throws(() => iResNetDensity({ ...density, c }), refused);
      assert.throws(() => iResNetHybrid({ ...density, classes: 2, c }), refused);
      assert.throws(() => residualFlow({ ...density, c }), refused);
      assert.throws(() => iResNetClassifier({ ...classifier, c }), refused);
      const scope = new Scope();
      const weight = scope.parameter("weight", [2, 2], () => [1, 0, 0, 1]);
      assert.throws(() => new SpectralNorm(scope, weight, matrixOperator(2, 2), c), refused);
    }
  });

  it("is taken below that, and no bound of 1 or more comes out", () => {
    assert.equal(iResNetDensity({ ...density, c: 0.9979 }).config.c, 0.9979);
    assert.ok(0.9979 * 1.002 < 1);
  });
});

describe("defineModel", () => {
  const shared = { kind: "test-parts", name: "Parts", year: 2026, paper: "none" };
  const schema = z.strictObject({ shape: z.tuple([z.int()]) });

  it("refuses parts that aren't those of the task", () => {
    const density = defineModel({
      ...shared,
      task: "density",
      schema,
      build: ({ shape }) => ({
        shape,
        density: { base: new StandardGaussian(shape[0]), logDet: "closed form" },
      }),
    });
    assert.throws(() => density({ shape: [2] }), {
      name: UsageError.name,
      message: /parts of the task density, got density; a density needs a bijection/,
    });
  });

  it("tells by its type and by name which parts a model has", () => {
    const model = nice({ shape: [2], hidden: [2] });
    assert.deepEqual([model.has("density"), model.has("bijection")], [true, true]);
    // @ts-expect-error a density that isn't a hybrid has no classifier
    assert.equal(model.has("classifier"), false);
  });
});
