import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { colorOf, NOT_A_NUMBER } from "../../src/pictures/color-map.js";
import { densityImage, logPeak } from "../../src/pictures/density.js";
import type { Raster } from "../../src/pictures/raster.js";
import { ShapeError } from "../../src/errors.js";
import { ndarray } from "../../src/tree.js";

function pixel({ width, data }: Raster, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

describe("colorOf", () => {
  it("gets lighter from dark violet to yellow", () => {
    const luminance = (fraction: number): number => {
      const [r, g, b] = colorOf(fraction);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const steps = Array.from({ length: 17 }, (_, i) => luminance(i / 16));
    assert.ok(steps.every((value, i) => i === 0 || value > steps[i - 1]!));
    assert.ok(steps[0]! < 25 && steps[16]! > 210);
  });

  it("clips", () => {
    assert.deepEqual(colorOf(-3), colorOf(0));
    assert.deepEqual(colorOf(Infinity), colorOf(1));
    assert.deepEqual(colorOf(NaN), NOT_A_NUMBER);
  });
});

describe("densityImage", () => {
  it("colours p / max p with y upwards", () => {
    // Rows by ascending y: the peak is at high x, low y.
    const grid = ndarray([Math.log(0.1), Math.log(0.4), -Infinity, NaN], [2, 2]);
    const image = densityImage(grid);
    assert.deepEqual([image.width, image.height], [2, 2]);
    assert.deepEqual(pixel(image, 1, 1), [...colorOf(1)]);
    assert.deepEqual(pixel(image, 0, 1), [...colorOf(0.25)]);
    assert.deepEqual(pixel(image, 0, 0), [...colorOf(0)]);
    assert.deepEqual(pixel(image, 1, 0), [...NOT_A_NUMBER]);
  });

  it("survives a grid without a finite number", () => {
    for (const value of [-Infinity, NaN, Infinity]) {
      const grid = ndarray([value], [1, 1]);
      assert.equal(logPeak(grid), 0);
      assert.equal(densityImage(grid).data.length, 3);
    }
  });

  it("refuses what is not a square grid", () => {
    assert.throws(() => densityImage(ndarray([1, 2], [1, 2])), ShapeError);
    assert.throws(() => densityImage(ndarray([], [0, 0])), ShapeError);
  });
});
