import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  arrayData,
  oneHot,
  sampleToy,
  toyData,
  type Augmentation,
  type DataSet,
} from "../../src/data/index.js";
import { DataError, UsageError } from "../../src/errors.js";
import { iResNetClassifier, iResNetDensity, nice, type Model } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { batchesOf } from "../../src/train/batches.js";
import { ndarray } from "../../src/tree.js";

const none = { kind: "none" } as const;
const config = { seed: 1, batchSize: 4, augmentation: none };

/** Image i is one bright pixel of value 100 + i in the middle, of class i mod 3. */
const images = {
  x: {
    shape: [12, 1, 3, 3],
    data: Uint8Array.from({ length: 12 * 9 }, (_, at) => (at % 9 === 4 ? 100 + (at - 4) / 9 : 0)),
  },
  labels: Uint8Array.from({ length: 12 }, (_, i) => i % 3),
  validation: 0,
};
const pixelsOf = (i: number) => Array.from(images.x.data.subarray(9 * i, 9 * i + 9));

const classifier = (classes: number): Model =>
  iResNetClassifier({
    shape: [1, 3, 3],
    classes,
    blocks: [1],
    widths: [4],
    squeezeFirst: false,
    channels: 4,
    c: 0.9,
    centre: { mean: 0, deviation: 1 },
  });
const imageDensity = nice({ shape: [1, 3, 3], hidden: [4] });
const plane = iResNetDensity({ shape: [2], blocks: [1], widths: [4], c: 0.9 });
const conditional = iResNetDensity({
  shape: [2],
  blocks: [1],
  widths: [4],
  c: 0.9,
  condition: 3,
});

/** Rows (i, 100 − 10·i²) of class i mod 3 and weight 1 + i. */
function table(count: number) {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return {
    x: ndarray(
      numbers.flatMap((i) => [i + 0.5, 100 - 10 * i * i]),
      [count, 2],
    ),
    labels: numbers.map((i) => i % 3),
    weights: numbers.map((i) => 1 + i),
    validation: 0,
  };
}

describe("batches", () => {
  it("show each row once an epoch, standardised, with what belongs to it", async () => {
    const data = arrayData(table(12));
    const { batch, count } = await batchesOf(data, conditional, config);
    assert.equal(count, 12);
    const rows = [0, 1, 2].flatMap((step) => {
      const { x, condition, weight, ...rest } = batch(step);
      assert.deepEqual(rest, {});
      assert.deepEqual([x!.shape, condition!.shape, weight!.shape], [[4, 2], [4, 3], [4]]);
      return [0, 1, 2, 3].map((row) => ({
        // The mean of 0.5 ... 11.5 is 6, their variance (144 − 1)/12.
        i: Math.round(x!.data[2 * row]! * Math.sqrt(143 / 12) + 6 - 0.5) + 0,
        class: condition!.data.slice(3 * row, 3 * row + 3).indexOf(1),
        weight: weight!.data[row]!,
      }));
    });
    assert.deepEqual(
      rows.map(({ i }) => i).sort((a, b) => a - b),
      Array.from({ length: 12 }, (_, i) => i),
    );
    for (const { i, class: label, weight } of rows) {
      assert.equal(label, i % 3);
      assert.ok(Math.abs(weight - (1 + i) / 6.5) < 1e-6, `${weight}`);
    }
  });

  it("take all rows of an epoch from the training split", async () => {
    const data = arrayData({ ...table(40), validation: 0.25 });
    const { count } = await batchesOf(data, conditional, config);
    assert.equal(count, 30);
    await assert.rejects(batchesOf(data, conditional, { ...config, batchSize: 31 }), UsageError);
  });

  it("pair images with one-hot labels, bytes as they are", async () => {
    const { batch } = await batchesOf(arrayData(images), classifier(3), {
      ...config,
      batchSize: 12,
    });
    const { x, y } = batch(0);
    for (let row = 0; row < 12; row++) {
      const image = x!.data[9 * row + 4]! - 100;
      assert.deepEqual([...x!.data.subarray(9 * row, 9 * row + 9)], pixelsOf(image));
      const marks = y!.data.subarray(3 * row, 3 * row + 3);
      assert.deepEqual([...marks], [...oneHot([image % 3], 3).data]);
    }
  });

  it("vary images, differently in each epoch, but not examples", async () => {
    const source = await batchesOf(arrayData(images), imageDensity, {
      ...config,
      batchSize: 12,
      augmentation: { kind: "crop", pad: 1, flip: true },
    });
    const middles = (x: Float32Array): number[] =>
      Array.from({ length: x.length / 9 }, (_, i) => x[9 * i + 4]!);
    const isMoved = [0, 1].map((step) =>
      middles(source.batch(step).x!.data).map((value) => value === 0),
    );
    assert.ok(isMoved.every((moved) => moved.includes(true)));
    assert.notDeepEqual(isMoved[0], isMoved[1]);
    assert.ok(source.batch(0).x!.data.every((value) => Number.isInteger(value)));
    assert.ok(middles(source.examples(5).x!.data).every((value) => value >= 100));
    assert.deepEqual(Object.keys(source.batch(0)), ["x"]);
  });

  it("are the points that a toy density's key gives", async () => {
    const { batch, examples, count } = await batchesOf(toyData("moons"), plane, config);
    const random = Random.fromSeed(1).split("data");
    assert.deepEqual(batch(7), { x: sampleToy("moons", 4, random.split(7)) });
    assert.deepEqual(examples(9), { x: sampleToy("moons", 9, random.split("examples")) });
    assert.equal(count, Infinity);
  });

  const affine = { kind: "affine", shift: 1, rotation: 0.1, scale: 0.1, shear: 0.1 } as const;

  it("add fresh noise of the given scale to x alone, and none to examples", async () => {
    const x = ndarray(Random.fromSeed(4).normal(4000), [1000, 4]);
    const data = arrayData({ x, validation: 0 });
    const augmentation = { kind: "noise", scale: 0.5 } as const;
    const wide = nice({ shape: [4], hidden: [4] });
    const whole = { seed: 1, batchSize: 1000 };
    const noisy = await batchesOf(data, wide, { ...whole, augmentation });
    const clean = await batchesOf(data, wide, { ...whole, augmentation: none });
    const differences = noisy
      .batch(0)
      .x!.data.map((value, i) => value - clean.batch(0).x!.data[i]!);
    const mean = differences.reduce((total, value) => total + value, 0) / 4000;
    const square = differences.reduce((total, value) => total + value ** 2, 0) / 4000;
    // Four standard errors each.
    assert.ok(Math.abs(mean) < (4 * 0.5) / Math.sqrt(4000), `mean ${mean}`);
    assert.ok(Math.abs(square / 0.25 - 1) < 4 * Math.sqrt(2 / 4000), `variance ${square}`);
    assert.notDeepEqual(noisy.batch(0).x, noisy.batch(1).x);
    assert.deepEqual(noisy.batch(0), noisy.batch(0));
    assert.deepEqual(noisy.examples(10), clean.examples(10));
  });

  it("mirror an image in every other epoch, whenever the run began", async () => {
    const x = { ...images.x, data: images.x.data.map((_, i) => i) }; // none is its own mirror image
    const data = arrayData({ ...images, x });
    const at = (augmentation: Augmentation) =>
      batchesOf(data, classifier(3), { ...config, augmentation });
    const plain = await at(none);
    /** What the images of each epoch were and are. */
    const epoch = async (n: number): Promise<Map<string, string>> => {
      const source = await at({ kind: "flip", alternate: true });
      const seen = new Map<string, string>();
      for (let step = 3 * n; step < 3 * (n + 1); step++) {
        const image = (b: number, { data }: { data: ArrayLike<number> }): string =>
          Array.from(data)
            .slice(9 * b, 9 * (b + 1))
            .join();
        for (let b = 0; b < 4; b++) {
          seen.set(image(b, plain.batch(step).x!), image(b, source.batch(step).x!));
        }
      }
      return seen;
    };
    const [first, second, third] = [await epoch(0), await epoch(1), await epoch(2)];
    assert.equal(first.size, 12);
    for (const [image, seen] of first) {
      assert.notEqual(second.get(image), seen);
      assert.equal(third.get(image), seen);
    }
    const flipped = [...first].filter(([image, seen]) => image !== seen).length;
    assert.ok(flipped > 0 && flipped < 12, `${flipped}`);
  });

  it("don't blur the pixels of a density", async () => {
    const options = { ...config, augmentation: affine };
    await assert.rejects(batchesOf(arrayData(images), imageDensity, options), UsageError);
    const noise = { ...config, augmentation: { kind: "noise", scale: 1 } as const };
    await assert.rejects(batchesOf(arrayData(images), imageDensity, noise), UsageError);
    await batchesOf(arrayData(images), classifier(3), options);
    await assert.rejects(batchesOf(toyData("moons"), plane, options), /augmentation of images/);
  });

  const sources: Readonly<Record<string, [DataSet, Model, typeof none | typeof affine]>> = {
    vectors: [arrayData({ ...table(12), validation: 0 }), conditional, none],
    images: [arrayData(images), classifier(3), affine],
    "toy density": [toyData("moons"), plane, none],
  };
  for (const [name, [data, model, augmentation]] of Object.entries(sources)) {
    it(`depend on the step alone: ${name}`, async () => {
      const make = () => batchesOf(data, model, { ...config, augmentation });
      const [source, other] = [await make(), await make()];
      const inOrder = [0, 1, 2, 3, 4, 5, 6].map((step) => source.batch(step));
      assert.deepEqual(other.batch(5), inOrder[5]);
      assert.deepEqual(source.batch(2), inOrder[2]);
      assert.notDeepEqual(inOrder[2], inOrder[3]);
      assert.deepEqual(other.examples(3), source.examples(3));
      assert.equal(source.examples(100).x!.shape[0], Math.min(100, source.count));
    });
  }
});

describe("data that don't fit a model are refused, saying what doesn't:", () => {
  const x = table(12).x;
  const three = ndarray(
    Array.from({ length: 36 }, (_, i) => Math.sin(i)),
    [12, 3],
  );
  const cases: Readonly<Record<string, [DataSet, Model, RegExp]>> = {
    shape: [arrayData({ x: three, validation: 0 }), plane, /events of shape \[2\] .* got \[3\]/],
    "columns left out": [
      arrayData({ x: ndarray(Float64Array.from([1, 5, 2, 5, 4, 5]), [3, 2]), validation: 0 }),
      plane,
      /events of shape \[2\] .*, got \[1\] of \[2\], as some columns are left out; give/,
    ],
    classes: [arrayData(images), classifier(4), /expected 4 classes .*, got 3/],
    "no labels": [
      arrayData({ x: images.x, validation: 0 }),
      classifier(3),
      /expected 3 classes .*, got no labels/,
    ],
    "real images": [
      arrayData({ ...images, pixels: false }),
      imageDensity,
      /expected whole pixels 0…255 .*, got real numbers/,
    ],
    "a condition": [
      arrayData({ x, condition: three, validation: 0 }),
      plane,
      /expected no condition .*, got one of 3 features; leave it out, or configure/,
    ],
    "no condition": [
      toyData("moons"),
      conditional,
      /expected a condition of 3 features .*, got none/,
    ],
    "another condition": [
      arrayData({ x, condition: x, validation: 0 }),
      conditional,
      /condition of 3 features .*, got one of 2/,
    ],
  };
  for (const [name, [data, model, message]] of Object.entries(cases)) {
    it(name, async () => {
      await assert.rejects(batchesOf(data, model, config), (error) => {
        assert.ok(error instanceof DataError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
