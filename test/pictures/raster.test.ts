import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode } from "fast-png";
import { decodeRgb, encodeRgb } from "../../src/pictures/png.js";
import {
  blankRaster,
  GUTTER,
  shrunk,
  sideBySide,
  squaresOf,
  stacked,
  type Raster,
} from "../../src/pictures/raster.js";

const RED = [200, 10, 20] as const;
const BLUE = [1, 2, 250] as const;

function pixel({ width, data }: Raster, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

describe("png", () => {
  it("round-trips RGB", () => {
    const data = Uint8Array.from({ length: 3 * 4 * 2 }, (_, i) => 10 * i);
    const png = decode(encodeRgb({ width: 4, height: 2, data }));
    assert.deepEqual([png.width, png.height, png.channels], [4, 2, 3]);
    assert.deepEqual(png.data, data);
    assert.deepEqual(decodeRgb(encodeRgb({ width: 4, height: 2, data })), {
      width: 4,
      height: 2,
      data,
    });
  });
});

describe("sideBySide", () => {
  it("places pictures from left to right, centred, with gaps", () => {
    const row = sideBySide([blankRaster(2, 4, RED), blankRaster(3, 2, BLUE)]);
    assert.deepEqual([row.width, row.height], [13, 4]);
    assert.deepEqual(pixel(row, 1, 3), [...RED]);
    assert.deepEqual(pixel(row, 2, 0), [...GUTTER]);
    assert.deepEqual(pixel(row, 9, 3), [...GUTTER]);
    assert.deepEqual(pixel(row, 10, 1), [...BLUE]);
    assert.deepEqual(pixel(row, 12, 2), [...BLUE]);
    assert.deepEqual(pixel(row, 12, 3), [...GUTTER]);
  });
});

describe("squaresOf", () => {
  it("takes apart what sideBySide put together", () => {
    const squares = [RED, BLUE, RED].map((color) => blankRaster(4, 4, color));
    assert.deepEqual(squaresOf(sideBySide(squares)), squares);
  });
});

describe("stacked", () => {
  it("places pictures from top to bottom, on the left, with gaps", () => {
    const column = stacked([blankRaster(2, 4, RED), blankRaster(3, 2, BLUE)]);
    assert.deepEqual([column.width, column.height], [3, 14]);
    assert.deepEqual(pixel(column, 1, 3), [...RED]);
    assert.deepEqual(pixel(column, 2, 3), [...GUTTER]);
    assert.deepEqual(pixel(column, 0, 4), [...GUTTER]);
    assert.deepEqual(pixel(column, 2, 12), [...BLUE]);
  });
});

describe("shrunk", () => {
  it("takes the mean of each block, colour by colour", () => {
    const data = Uint8Array.from({ length: 3 * 6 * 4 }, (_, i) => i);
    const small = shrunk({ width: 6, height: 4, data }, 2);
    assert.deepEqual([small.width, small.height], [3, 2]);
    // Of the block at (2, 2): reds 42, 45, 60, 63.
    assert.deepEqual(pixel(small, 1, 1), [53, 54, 55]);
  });
});
