import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrayData, halve, halvesOf } from "../../src/data/index.js";

describe("halvesOf", () => {
  it("puts each row into one of two random halves, the same ones each time", () => {
    for (const count of [40, 45, 400]) {
      const { choosing, calibrating } = halvesOf(count);
      assert.equal(choosing.length, Math.floor(count / 2));
      const all = [...choosing, ...calibrating].sort((a, b) => a - b);
      assert.deepEqual(
        all,
        Array.from({ length: count }, (_, row) => row),
      );
      for (const half of [choosing, calibrating]) assert.deepEqual(half, half.slice().sort());
      assert.deepEqual(halvesOf(count), { choosing, calibrating });
    }
    // Neither the first rows nor every second one: a quarter each of the four kinds.
    const { choosing } = halvesOf(400);
    const share = (of: (row: number) => boolean): number => choosing.filter(of).length / 200;
    for (const found of [share((row) => row < 200), share((row) => row % 2 === 0)]) {
      assert.ok(Math.abs(found - 0.5) < 0.12, `${found}`);
    }
  });

  it("has all of fewer than 40 rows do both", () => {
    const all = Uint32Array.from({ length: 39 }, (_, row) => row);
    assert.deepEqual(halvesOf(39), { choosing: all, calibrating: all });
    assert.deepEqual(halvesOf(0).choosing.length, 0);
  });
});

describe("halve", () => {
  it("takes the rows of a split at these places", async () => {
    const data = Float64Array.from({ length: 50 }, (_, row) => row * row);
    const x = { shape: [50, 1], data };
    const split = await arrayData({ x, validation: { x } }).split("validation");
    const { calibrating } = halve(split);
    const places = halvesOf(50).calibrating;
    assert.equal(calibrating.count, 25);
    const { x: taken } = calibrating.take([3, 0]);
    assert.deepEqual(
      Array.from(taken.data),
      [places[3]!, places[0]!].map((row) => row * row),
    );
  });
});
