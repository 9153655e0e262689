import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { imageSheet, pairSheet } from "../../../src/cli/pictures/image-sheet.js";
import { GUTTER, type Raster } from "../../../src/cli/pictures/raster.js";
import { ShapeError } from "../../../src/errors.js";
import { ndarray } from "../../../src/tree.js";

function pixel({ width, data }: Raster, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

describe("imageSheet", () => {
  it("repeats gray into RGB, enlarges, and leaves missing images blank", () => {
    const images = ndarray([10, 20, 30, 40, 50, 60], [3, 1, 1, 2]);
    const sheet = imageSheet(images, { columns: 2, scale: 2, gap: 1 });
    assert.deepEqual([sheet.width, sheet.height], [9, 5]);
    assert.deepEqual(pixel(sheet, 0, 0), [10, 10, 10]);
    assert.deepEqual(pixel(sheet, 1, 1), [10, 10, 10]);
    assert.deepEqual(pixel(sheet, 2, 0), [20, 20, 20]);
    assert.deepEqual(pixel(sheet, 4, 0), [...GUTTER]);
    assert.deepEqual(pixel(sheet, 5, 0), [30, 30, 30]);
    assert.deepEqual(pixel(sheet, 3, 4), [60, 60, 60]);
    assert.deepEqual(pixel(sheet, 8, 4), [...GUTTER]);
  });

  it("takes RGB from three channels", () => {
    const images = ndarray([1, 2, 3, 4, 5, 6], [1, 3, 1, 2]);
    const sheet = imageSheet(images, { scale: 1 });
    assert.deepEqual([...sheet.data], [1, 3, 5, 2, 4, 6]);
  });

  it("clips and rounds values, and takes NaN as black", () => {
    const images = ndarray([-5, 300, 9.6, NaN, Infinity], [1, 1, 1, 5]);
    const sheet = imageSheet(images, { scale: 1 });
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((x) => pixel(sheet, x, 0)[0]),
      [0, 255, 10, 0, 255],
    );
  });

  it("makes 28x28 images visible in a near-square sheet", () => {
    const sheet = imageSheet(ndarray(new Float32Array(9 * 784), [9, 1, 28, 28]));
    assert.deepEqual([sheet.width, sheet.height], [256, 256]);
  });

  it("refuses what is not a batch of gray or RGB images", () => {
    for (const shape of [[1, 2, 2, 2], [8], [2, 2, 2], [0, 1, 28, 28]]) {
      const images = ndarray(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
      assert.throws(() => imageSheet(images), ShapeError);
    }
  });
});

describe("pairSheet", () => {
  it("stacks originals, reconstructions and the amplified difference", () => {
    const originals = ndarray([100, 200], [2, 1, 1, 1]);
    const reconstructions = ndarray([101, 195], [2, 1, 1, 1]);
    const sheet = pairSheet(originals, reconstructions, { amplification: 20, scale: 1, gap: 0 });
    const gray = [...sheet.data].filter((_, i) => i % 3 === 0);
    assert.deepEqual(gray, [100, 200, 101, 195, 20, 100]);
  });

  it("refuses two shapes", () => {
    const one = ndarray([1, 2], [2, 1, 1, 1]);
    assert.throws(
      () => pairSheet(one, ndarray([1, 2], [1, 1, 1, 2]), { amplification: 1 }),
      /pairSheet: expected reconstructions of shape \[2,1,1,1\], got \[1,1,1,2\]/,
    );
  });
});
