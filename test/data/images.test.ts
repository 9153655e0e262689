import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { imageBatch, oneHot, range, subset, type ImageSet } from "../../src/data/images.js";
import { throws } from "./fails.js";

const set: ImageSet = {
  pixels: Uint8Array.from({ length: 4 * 6 }, (_, i) => 10 * i),
  labels: Uint8Array.of(3, 1, 0, 2),
  shape: [1, 2, 3],
  count: 4,
  classes: 5,
};
const image = (i: number) => [...set.pixels.subarray(6 * i, 6 * i + 6)];

describe("subset", () => {
  it("takes images in the order asked for, repeats included", () => {
    assert.deepEqual(subset(set, [2, 0, 2]), {
      pixels: Uint8Array.from([...image(2), ...image(0), ...image(2)]),
      labels: Uint8Array.of(0, 3, 0),
      shape: [1, 2, 3],
      count: 3,
      classes: 5,
    });
  });

  it("takes ranges", () => {
    assert.deepEqual([...range(1, 4)], [1, 2, 3]);
    assert.deepEqual([...range(3, 3)], []);
    assert.deepEqual(subset(set, range(0, 4)), set);
  });

  it("reports indices outside of the set, and none", () => {
    throws(() => subset(set, [0, 4]), /subset: expected indices from 0 to 3, got 4/);
    throws(() => subset(set, [-1]), /got -1/);
    throws(() => subset(set, []), /at least one image, got none/);
  });
});

describe("imageBatch", () => {
  it("gives pixels as floats and their labels", () => {
    assert.deepEqual(imageBatch(set, Uint32Array.of(3, 1)), {
      x: { shape: [2, 1, 2, 3], data: Float32Array.from([...image(3), ...image(1)]) },
      labels: Uint8Array.of(2, 1),
    });
  });

  it("reports indices outside of the set", () => {
    throws(() => imageBatch(set, [4]), /imageBatch: expected indices from 0 to 3, got 4/);
  });
});

describe("oneHot", () => {
  it("marks each label's class", () => {
    assert.deepEqual(oneHot([2, 0], 3), {
      shape: [2, 3],
      data: Float32Array.of(0, 0, 1, 1, 0, 0),
    });
  });

  it("reports a label that is no class", () => {
    throws(() => oneHot([2, 3], 3), /oneHot: expected labels from 0 to 2, got 3 at index 1/);
    throws(() => oneHot([0.5], 3), /got 0.5 at index 0/);
  });
});
