import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ImageSet } from "../../src/data/index.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import {
  imageBatches,
  toyBatches,
  vectorBatches,
  type BatchSource,
} from "../../src/train/batches.js";
import { ndarray } from "../../src/tree.js";

const random = Random.fromSeed(1);

/** Image i is one bright pixel of value 100 + i in the middle, of class i mod 3. */
const set: ImageSet = {
  pixels: Uint8Array.from({ length: 12 * 9 }, (_, at) => (at % 9 === 4 ? 100 + (at - 4) / 9 : 0)),
  labels: Uint8Array.from({ length: 12 }, (_, i) => i % 3),
  shape: [1, 3, 3],
  count: 12,
  classes: 3,
};

function tableOf(count: number): { x: ReturnType<typeof ndarray>; y: ReturnType<typeof ndarray> } {
  const x = Array.from({ length: 2 * count }, (_, at) => at);
  const y = Array.from({ length: count }, (_, i) => 2 * i);
  return { x: ndarray(x, [count, 2]), y: ndarray(y, [count, 1]) };
}

describe("vectorBatches", () => {
  it("shows each row once an epoch, and keeps rows of tables together", () => {
    const source = vectorBatches(tableOf(12), { batchSize: 4, random });
    const batches = [0, 1, 2].map((step) => source.batch(step));
    for (const { x, y } of batches) {
      assert.deepEqual(
        [x!.shape, y!.shape],
        [
          [4, 2],
          [4, 1],
        ],
      );
      assert.deepEqual(
        [...y!.data],
        [0, 1, 2, 3].map((row) => x!.data[2 * row]!),
      );
    }
    const firsts = batches.flatMap(({ y }) => [...y!.data]).sort((a, b) => a - b);
    assert.deepEqual(firsts, [...tableOf(12).y.data]);
  });

  it("refuses tables of different lengths, and batches larger than them", () => {
    const tables = { x: tableOf(4).x, y: tableOf(5).y };
    assert.throws(() => vectorBatches(tables, { batchSize: 2, random }), ShapeError);
    assert.throws(() => vectorBatches(tableOf(4), { batchSize: 5, random }), UsageError);
  });
});

describe("imageBatches", () => {
  it("pairs images with one-hot labels", () => {
    const { x, y } = imageBatches(set, { batchSize: 12, labels: true, random }).batch(0);
    for (let i = 0; i < 12; i++) {
      const image = x!.data[9 * i + 4]! - 100;
      assert.deepEqual(
        [...y!.data.subarray(3 * i, 3 * i + 3)],
        [0, 1, 2].map((c) => Number(c === image % 3)),
      );
    }
  });

  it("gives a conditional density the labels as its condition", () => {
    const options = { batchSize: 12, random };
    const { y } = imageBatches(set, { ...options, labels: true }).batch(0);
    const batch = imageBatches(set, { ...options, labels: false, conditional: true }).batch(0);
    assert.deepEqual(Object.keys(batch), ["x", "condition"]);
    assert.deepEqual(batch.condition, y);
  });

  it("augments batches, differently in each epoch, but not examples", () => {
    const source = imageBatches(set, {
      batchSize: 12,
      labels: false,
      augmentation: { kind: "crop", pad: 1, flip: true },
      random,
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

  it("mirrors an image in every other epoch, whenever the run began", () => {
    const options = {
      batchSize: 4,
      labels: true,
      augmentation: { kind: "flip", alternate: true } as const,
      random,
    };
    const perEpoch = Math.floor(set.count / 4);
    const pixels = set.pixels.map((_, i) => i); // none is its own mirror image
    const uneven = { ...set, pixels };
    const plain = imageBatches(uneven, { ...options, augmentation: { kind: "none" } });
    /** The images of each epoch, by their labels and pixels as they were. */
    const epoch = (n: number): Map<string, string> => {
      const source = imageBatches(uneven, options);
      const seen = new Map<string, string>();
      for (let step = n * perEpoch; step < (n + 1) * perEpoch; step++) {
        const [as, was] = [source.batch(step).x!, plain.batch(step).x!];
        const size = was.data.length / 4;
        for (let b = 0; b < 4; b++) {
          const image = (of: Float32Array): string => of.slice(b * size, (b + 1) * size).join();
          seen.set(image(was.data), image(as.data));
        }
      }
      return seen;
    };
    const [first, second, third] = [epoch(0), epoch(1), epoch(2)];
    let flipped = 0;
    for (const [image, seen] of first) {
      if (second.has(image)) assert.notEqual(second.get(image), seen);
      if (third.has(image)) assert.equal(third.get(image), seen);
      if (image !== seen) flipped++;
    }
    assert.ok(flipped > 0 && flipped < first.size, `${flipped} of ${first.size}`);
  });

  it("refuses to blur the pixels of a density", () => {
    const augmentation = { kind: "affine", shift: 1, rotation: 0, scale: 0, shear: 0 } as const;
    const options = { batchSize: 4, augmentation, random };
    assert.throws(() => imageBatches(set, { ...options, labels: false }), UsageError);
    assert.doesNotThrow(() => imageBatches(set, { ...options, labels: true }));
  });
});

describe("every source", () => {
  const options = { batchSize: 4, random };
  const sources: Readonly<Record<string, () => BatchSource>> = {
    vectors: () => vectorBatches(tableOf(12), options),
    images: () =>
      imageBatches(set, {
        ...options,
        labels: true,
        augmentation: { kind: "affine", shift: 1, rotation: 0.1, scale: 0.1, shear: 0.1 },
      }),
    "toy density": () => toyBatches("moons", options),
  };
  for (const [name, make] of Object.entries(sources)) {
    it(`depends on the step alone: ${name}`, () => {
      const source = make();
      const inOrder = [0, 1, 2, 3, 4, 5, 6].map((step) => source.batch(step));
      assert.deepEqual(make().batch(5), inOrder[5]);
      assert.deepEqual(source.batch(2), inOrder[2]);
      assert.notDeepEqual(inOrder[2], inOrder[3]);
      assert.deepEqual(make().examples(3), source.examples(3));
      assert.equal(source.examples(100).x!.shape[0], Math.min(100, source.count));
    });
  }
});
