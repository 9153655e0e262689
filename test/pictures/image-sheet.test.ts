import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { imageSheet } from "../../src/pictures/image-sheet.js";
import { GUTTER, type Raster } from "../../src/pictures/raster.js";
import { ShapeError } from "../../src/errors.js";
import { ndarray, type NDArray } from "../../src/tree.js";

function pixel({ width, data }: Raster, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

/** Images of `height` equal rows: `[n][C]` such rows. */
function striped(rows: readonly number[][][], height: number): NDArray {
  const data = rows.flat().flatMap((row) => Array.from({ length: height }, () => row).flat());
  return ndarray(data, [rows.length, rows[0]!.length, height, rows[0]![0]!.length]);
}

describe("imageSheet", () => {
  it("repeats gray into RGB, enlarges, and leaves missing images blank", () => {
    const images = striped([[[10, 20]], [[30, 40]], [[50, 60]]], 42);
    const sheet = imageSheet(images, { columns: 2 });
    assert.deepEqual([sheet.width, sheet.height], [10, 170]);
    assert.deepEqual(pixel(sheet, 0, 0), [10, 10, 10]);
    assert.deepEqual(pixel(sheet, 1, 1), [10, 10, 10]);
    assert.deepEqual(pixel(sheet, 2, 0), [20, 20, 20]);
    assert.deepEqual(pixel(sheet, 4, 0), [...GUTTER]);
    assert.deepEqual(pixel(sheet, 6, 0), [30, 30, 30]);
    assert.deepEqual(pixel(sheet, 3, 86), [60, 60, 60]);
    assert.deepEqual(pixel(sheet, 8, 86), [...GUTTER]);
  });

  it("takes RGB from three channels", () => {
    const images = striped(
      [
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
      84,
    );
    const sheet = imageSheet(images);
    assert.deepEqual([...sheet.data.subarray(0, 6)], [1, 3, 5, 2, 4, 6]);
  });

  it("clips and rounds values, and takes NaN as black", () => {
    const sheet = imageSheet(striped([[[-5, 300, 9.6, NaN, Infinity]]], 84));
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
