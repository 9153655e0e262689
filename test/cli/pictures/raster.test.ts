import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode } from "fast-png";
import { encodeRgb } from "../../../src/cli/pictures/png.js";
import { blankRaster, GUTTER, sideBySide, type Raster } from "../../../src/cli/pictures/raster.js";

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
