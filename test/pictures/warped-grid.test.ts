import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { colorOf } from "../../src/pictures/color-map.js";
import { boundsOf } from "../../src/pictures/plane.js";
import { warpedGridImage, warpedGridSvg } from "../../src/pictures/warped-grid.js";
import { ShapeError } from "../../src/errors.js";
import { ndarray } from "../../src/tree.js";

const bounds = { x: [0, 10], y: [0, 10] } as const;

describe("boundsOf", () => {
  it("is a square around the finite points", () => {
    const { x, y } = boundsOf([
      [0, 0],
      [10, 2],
      [NaN, 99],
      [Infinity, 0],
    ]);
    assert.ok(Math.abs(x[0] + 0.2) < 1e-12 && Math.abs(x[1] - 10.2) < 1e-12);
    assert.ok(Math.abs(y[0] + 4.2) < 1e-12 && Math.abs(y[1] - 6.2) < 1e-12);
  });

  it("has an area for one point and for none", () => {
    assert.deepEqual(boundsOf([[3, 4]]), { x: [2, 4], y: [3, 5] });
    assert.deepEqual(boundsOf([]), { x: [-1, 1], y: [-1, 1] });
  });
});

describe("warpedGridSvg", () => {
  it("draws each line with y upwards, broken where it is not finite", () => {
    const lines = [
      ndarray([0, 0, 10, 10], [2, 2]),
      ndarray([1, 1, 2, 1, NaN, 1, 4, 1, 5, 1], [5, 2]),
    ];
    const svg = warpedGridSvg({ lines, bounds, size: 100 });
    assert.match(svg, /<path d="M0,100L100,0" /);
    assert.match(svg, /<path d="M10,90L20,90M40,90L50,90" /);
    assert.doesNotMatch(svg, /NaN|Infinity/);
  });

  it("draws finite points", () => {
    const points = ndarray([5, 5, NaN, 1], [2, 2]);
    const svg = warpedGridSvg({ lines: [], points, bounds, size: 100 });
    assert.match(svg, /d="M50\.0,50\.0h0"/);
  });

  it("survives nothing at all", () => {
    assert.doesNotMatch(warpedGridSvg({ lines: [] }), /NaN|Infinity/);
  });

  it("refuses lines of another dimension", () => {
    const lines = [ndarray([1, 2, 3], [1, 3])];
    assert.throws(() => warpedGridSvg({ lines }), ShapeError);
    assert.throws(() => warpedGridImage({ lines }), ShapeError);
  });
});

describe("warpedGridImage", () => {
  it("paints the pixels along a line and no others", () => {
    const lines = [ndarray([0, 2.5, 10, 2.5], [2, 2])];
    const { width, data } = warpedGridImage({ lines, bounds, size: 20 });
    const brightness = (x: number, y: number): number => data[3 * (y * width + x)]!;
    // y = 2.5 of 10 upwards is the edge between rows 14 and 15 of 20.
    for (const x of [0, 10, 19]) {
      assert.ok(brightness(x, 14) > 60 && brightness(x, 15) > 60);
      assert.equal(brightness(x, 5), colorOf(0)[0]);
      assert.equal(brightness(x, 17), colorOf(0)[0]);
    }
  });

  it("skips what is not finite and clips what is outside", () => {
    const lines = [ndarray([NaN, 5, 10, 5], [2, 2]), ndarray([-1e6, 20, 1e6, 20], [2, 2])];
    const points = ndarray([Infinity, 0, 50, 50], [2, 2]);
    const { data } = warpedGridImage({ lines, points, bounds, size: 8 });
    const black = colorOf(0);
    assert.ok(data.every((value, i) => value === black[i % 3]));
  });
});
