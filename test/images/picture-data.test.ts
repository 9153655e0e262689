import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeData } from "../../src/data/index.js";
import { DataError, UsageError } from "../../src/errors.js";
import {
  classCondition,
  pictureData,
  pictureOptions,
  pictureRecipe,
  pictureScales,
  pictureSplit,
} from "../../src/images/index.js";
import { createModel } from "../../src/models/index.js";
import { expectFit } from "../../src/train/batches.js";
import { somePictures } from "./pictures.js";
import type { Pictures } from "../../src/data/pictures/index.js";

describe("pictureData", () => {
  it("holds out the same part of each class, and no picture is in both parts", async () => {
    const pictures = somePictures(200);
    const data = pictureData(pictures, { holdout: 0.2 });
    const [train, held] = [await data.split("train"), await data.split("validation")];
    assert.equal(train.count, 160);
    assert.equal(held.count, 40);
    const all = (count: number) => Array.from({ length: count }, (_, i) => i);
    const { labels } = held.take(all(40));
    assert.equal(
      labels!.reduce((sum, label) => sum + label, 0),
      20,
    );
    const texts = [train, held].flatMap(({ take, count }) => {
      const { data: pixels } = take(all(count)).x;
      return all(count).map((i) =>
        Array.from({ length: 288 }, (_, k) => pixels[288 * i + k]).join(),
      );
    });
    assert.equal(new Set(texts).size, 200);
    const [first] = (await pictureData(pictures, { holdout: 0.2 }).split("train")).take([
      0,
    ]).labels!;
    assert.equal(first, train.take([0]).labels![0]);
  });

  it("keeps how files were read, for others to be read alike", () => {
    const { to, ...pictures } = somePictures(40);
    const data = pictureData({ ...pictures, to: { ...to, fit: "stretch", background: 9 } });
    assert.deepEqual(pictureOptions(describeData(data)), {
      size: [8, 12],
      channels: "rgb",
      fit: "stretch",
      background: 9,
    });
  });

  it("gives the class as a condition to a density by class", async () => {
    const data = pictureData(somePictures(40), { conditional: true });
    const { condition, labels } = (await data.split("train")).take([0, 1]);
    assert.deepEqual(Array.from(labels!), [0, 1]);
    assert.deepEqual(Array.from(condition!.data), [1, 0, 0, 1]);
    const { model } = await pictureRecipe(data);
    expectFit(data, createModel(model.kind, model.config));
    await assert.rejects(pictureRecipe(data, { model: "i-resnet-classifier" }), UsageError);
    const split = pictureSplit(somePictures(2), ["striped", "light"], { conditional: true });
    assert.deepEqual(Array.from(split.take([0]).condition!.data), [0, 1]);
    const unlabelled = somePictures(40, { labelled: false });
    assert.throws(
      () => pictureData(unlabelled, { conditional: true }),
      /at least 2 classes as a condition, got 0/,
    );
  });

  it("refuses too few pictures, odd shares, and options it doesn't know", () => {
    assert.throws(() => pictureData(somePictures(19)), /at least 20 pictures/);
    assert.throws(() => pictureData(somePictures(40), { holdout: 1.5 }), UsageError);
    assert.throws(() => pictureData(somePictures(40), { holdout: 0.01 }), /at least 2 of 40/);
    assert.throws(() => pictureData(somePictures(40), { share: 1 } as object), UsageError);
  });
});

describe("pictureSplit", () => {
  it("finds the model's classes by name, whatever their order", () => {
    const split = pictureSplit(somePictures(4), ["striped", "other", "light"]);
    assert.deepEqual(split.take([0, 1, 2, 3]).labels, Int32Array.of(2, 0, 2, 0));
  });

  it("names classes that the model doesn't know, and asks for some where there are none", () => {
    assert.throws(
      () => pictureSplit(somePictures(4), ["light", "dark"]),
      (error) => {
        assert.ok(error instanceof DataError);
        assert.match(error.message, /of the classes light, dark, got striped/);
        return true;
      },
    );
    const unlabelled = somePictures(4, { labelled: false });
    assert.throws(() => pictureSplit(unlabelled, ["light"]), /without classes/);
    assert.equal(pictureSplit(unlabelled, []).take([1]).labels, undefined);
  });
});

describe("classCondition", () => {
  const data = { name: "pictures", classes: ["light", "striped"], condition: 2 };
  const rows = (choice: Parameters<typeof classCondition>[2]) =>
    Array.from(classCondition(data, 3, choice).condition!.data);

  it("is one class, or one after another, whatever chunk it is", () => {
    assert.deepEqual(rows({ class: "striped" }), [0, 1, 0, 1, 0, 1]);
    assert.deepEqual(rows({}), [1, 0, 0, 1, 1, 0]);
    assert.deepEqual(rows({ first: 3 }), [0, 1, 1, 0, 0, 1]);
  });

  it("is nothing without a condition, where a class is a mistake", () => {
    const plain = { ...data, condition: 0 };
    assert.deepEqual(classCondition(plain, 3), {});
    assert.throws(
      () => classCondition(plain, 3, { class: "light" }),
      /density of pictures by class/,
    );
    assert.throws(() => rows({ class: "dark" }), /one of light, striped, got "dark"/);
  });
});

describe("pictureScales", () => {
  it("halves as often as sides and size allow, at most thrice", () => {
    const scales = ([width, height]: [number, number]) => pictureScales([3, height, width]);
    assert.deepEqual(
      (
        [
          [40, 28],
          [32, 32],
          [28, 28],
          [8, 12],
          [30, 30],
          [2, 4],
          [256, 64],
        ] as [number, number][]
      ).map(scales),
      [2, 3, 2, 1, 1, 1, 3],
    );
  });

  it("names the nearest sizes for odd ones", () => {
    assert.throws(() => pictureScales([3, 29, 33]), /got 33 x 29.*size of 32x28 or 34x30/);
    assert.throws(() => pictureScales([1, 28, 1]), /got 1 x 28.*size of 2x28/);
  });
});

describe("pictureRecipe", () => {
  it("makes models that take the pictures, also of odd multiples, one channel and few", async () => {
    for (const size of [
      [8, 12],
      [28, 40],
      [6, 10],
      [2, 2],
    ] as const) {
      const data = pictureData(somePictures(24, { size }));
      for (const model of ["i-resnet-density", "i-resnet-classifier", "i-resnet-hybrid"]) {
        const recipe = await pictureRecipe(data, { model, steps: 7 });
        expectFit(data, createModel(recipe.model.kind, recipe.model.config));
        assert.equal(recipe.training.steps, 7);
        assert.ok(recipe.training.batchSize <= 22);
      }
    }
  });

  it("takes pixels by their logit where many are black or white", async () => {
    const { pixels, ...pictures } = somePictures(40);
    const scans = { ...pictures, pixels: pixels.map((value) => (value > 150 ? 255 : value)) };
    const kind = async (data: Pictures) =>
      (await pictureRecipe(pictureData(data))).model.config.pixels;
    assert.equal(await kind(scans), "logit");
    assert.equal(await kind({ ...pictures, pixels }), "centre");
  });

  it("refuses a classifier without classes, and a model that it doesn't know", async () => {
    const unlabelled = somePictures(40, { labelled: false });
    const data = pictureData(unlabelled);
    await assert.rejects(pictureRecipe(data, { model: "i-resnet-classifier" }), DataError);
    await assert.rejects(
      pictureRecipe(data, { model: "i-resnet-densty" }),
      /did you mean "i-resnet-density"/,
    );
  });
});
