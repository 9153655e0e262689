import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { colorOf, NOT_A_NUMBER } from "../../src/pictures/color-map.js";
import { densityImage, logHistogram, logPeak, scatterImage } from "../../src/pictures/density.js";
import type { Raster } from "../../src/pictures/raster.js";
import { ShapeError } from "../../src/errors.js";
import { ndarray } from "../../src/tree.js";

function pixel({ width, data }: Raster, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

const unit = { x: [0, 1], y: [0, 1] } as const;

describe("colorOf", () => {
  it("gets lighter from black to pale yellow", () => {
    const luminance = (fraction: number): number => {
      const [r, g, b] = colorOf(fraction);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const steps = Array.from({ length: 17 }, (_, i) => luminance(i / 16));
    assert.ok(steps.every((value, i) => i === 0 || value > steps[i - 1]!));
    assert.ok(steps[0]! < 2 && steps[16]! > 230);
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
    const image = densityImage(grid, { size: 4 });
    assert.deepEqual([image.width, image.height], [4, 4]);
    assert.deepEqual(pixel(image, 3, 3), [...colorOf(1)]);
    assert.deepEqual(pixel(image, 0, 2), [...colorOf(0.25)]);
    assert.deepEqual(pixel(image, 1, 1), [...colorOf(0)]);
    assert.deepEqual(pixel(image, 2, 0), [...NOT_A_NUMBER]);
  });

  it("compares pictures by a common peak", () => {
    const image = densityImage(ndarray([0], [1, 1]), { size: 1, peak: Math.log(2) });
    assert.deepEqual([...image.data], [...colorOf(0.5)]);
  });

  it("survives a grid without a finite number", () => {
    for (const value of [-Infinity, NaN, Infinity]) {
      const grid = ndarray([value], [1, 1]);
      assert.equal(logPeak(grid), 0);
      assert.equal(densityImage(grid, { size: 2 }).data.length, 12);
    }
  });

  it("refuses what is not a square grid", () => {
    assert.throws(() => densityImage(ndarray([1, 2], [1, 2])), ShapeError);
    assert.throws(() => densityImage(ndarray([], [0, 0])), ShapeError);
  });
});

describe("logHistogram", () => {
  it("estimates the log-density of the points", () => {
    const points = ndarray([0.1, 0.1, 0.2, 0.3, 0.9, 0.1, 5, 5, NaN, 0], [5, 2]);
    const { shape, data } = logHistogram(points, unit, 2);
    assert.deepEqual(shape, [2, 2]);
    const density = [...data].map(Math.exp);
    [(2 / 5) * 4, (1 / 5) * 4, 0, 0].forEach((expected, i) => {
      assert.ok(Math.abs(density[i]! - expected) < 1e-6);
    });
  });
});

describe("scatterImage", () => {
  it("shows a point where it lies, y upwards", () => {
    const image = scatterImage(ndarray([0.1, 0.9], [1, 2]), { bounds: unit, size: 4, bins: 2 });
    assert.deepEqual(pixel(image, 1, 1), [...colorOf(1)]);
    assert.deepEqual(pixel(image, 1, 2), [...colorOf(0)]);
  });

  it("shows no points as black", () => {
    const image = scatterImage(ndarray([], [0, 2]), { bounds: unit, size: 2, bins: 2 });
    assert.deepEqual(pixel(image, 0, 0), [...colorOf(0)]);
  });

  it("refuses points of another dimension", () => {
    assert.throws(() => scatterImage(ndarray([1, 2, 3], [1, 3]), { bounds: unit }), ShapeError);
  });
});
