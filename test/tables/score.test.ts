import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DataError, ShapeError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { OutlierScore } from "../../src/tables/index.js";

const random = Random.fromSeed(5);
const heldOut = {
  logProb: random.split("log p").normal(200),
  distance: random.split("distance").uniform(200),
};

describe("OutlierScore", () => {
  it("is the larger of surprise and distance, 1 where one in fifty held-out rows is above", () => {
    const score = new OutlierScore(heldOut);
    const measure = (values: readonly number[]): ((value: number) => number) => {
      const sorted = [...values].sort((a, b) => a - b);
      // Of 200 rows: between the 100th and 101st, and a fiftieth of the way past the 196th.
      const median = (sorted[99]! + sorted[100]!) / 2;
      const high = sorted[195]! + 0.02 * (sorted[196]! - sorted[195]!);
      return (value) => (value - median) / (high - median);
    };
    const surprise = measure(Array.from(heldOut.logProb, (one) => -one));
    const distance = measure(Array.from(heldOut.distance));
    const rows = { logProb: [-9, 3, 0], distance: [0.2, 2, 0.5] };
    const found = score.of(rows);
    assert.ok(Math.abs(found[0]! - surprise(9)) < 1e-9, `${found[0]} ${surprise(9)}`);
    assert.ok(Math.abs(found[1]! - distance(2)) < 1e-9);
    assert.ok(Math.abs(found[2]! - Math.max(surprise(0), distance(0.5))) < 1e-9);
    assert.ok(surprise(9) > distance(0.2) && distance(2) > surprise(-3));
    const above = [...score.of(heldOut)].filter((one) => one > 1).length;
    assert.ok(above >= 4 && above <= 8, `${above} of 200, by either of two terms`);
  });

  it("doesn't change with the units of the columns, which add a constant to log p", () => {
    const moved = heldOut.logProb.map((value) => value + 8);
    const there = { logProb: moved, distance: heldOut.distance };
    const scores = new OutlierScore(there).of(there);
    new OutlierScore(heldOut).of(heldOut).forEach((value, i) => {
      assert.ok(Math.abs(value - scores[i]!) < 1e-4);
    });
  });

  it("puts rows of no probability above all others, and keeps NaN in sight", () => {
    const [none, ...unknown] = new OutlierScore(heldOut).of({
      logProb: [-Infinity, NaN, 0],
      distance: [0, 3, NaN],
    });
    assert.equal(none, Infinity);
    assert.deepEqual(unknown.map(Number.isNaN), [true, true]);
  });

  it("takes held-out rows that are all alike", () => {
    const alike = { logProb: [1, 1], distance: [0, 0] };
    assert.deepEqual([...new OutlierScore(alike).of(alike)], [0, 0]);
  });

  it("comes back from its scales", () => {
    const score = new OutlierScore(heldOut);
    assert.deepEqual(new OutlierScore(score.scales).of(heldOut), score.of(heldOut));
  });

  it("refuses held-out rows that can't set a scale", () => {
    const { logProb } = heldOut;
    assert.throws(() => new OutlierScore({ logProb, distance: [1] }), ShapeError);
    assert.throws(() => new OutlierScore({ logProb: [1], distance: [1] }), DataError);
    assert.throws(() => new OutlierScore({ logProb: [1, NaN], distance: [1, 1] }), DataError);
    assert.throws(() => new OutlierScore({ logProb: [1, 2], distance: [1, NaN] }), DataError);
  });
});
