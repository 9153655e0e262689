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
  it("is the larger of surprise and distance in standard deviations of held-out rows", () => {
    const score = new OutlierScore(heldOut);
    const mean = (values: readonly number[]): number =>
      values.reduce((total, value) => total + value, 0) / values.length;
    const z = (value: number, all: readonly number[]): number => {
      const square = mean(all.map((one) => (one - mean(all)) ** 2));
      return (value - mean(all)) / Math.sqrt(square);
    };
    const surprise = (value: number): number =>
      z(
        -value,
        Array.from(heldOut.logProb, (one) => -one),
      );
    const distance = (value: number): number => z(value, [...heldOut.distance]);
    const rows = { logProb: [-9, 3, 0], distance: [0.2, 2, 0.5] };
    const found = score.of(rows);
    assert.ok(Math.abs(found[0]! - surprise(-9)) < 1e-9);
    assert.ok(Math.abs(found[1]! - distance(2)) < 1e-9);
    assert.ok(Math.abs(found[2]! - Math.max(surprise(0), distance(0.5))) < 1e-9);
    assert.ok(surprise(-9) > distance(0.2) && distance(2) > surprise(3));
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

  it("comes back from its spreads", () => {
    const score = new OutlierScore(heldOut);
    assert.deepEqual(new OutlierScore(score.spreads).of(heldOut), score.of(heldOut));
  });

  it("refuses held-out rows that can't set a scale", () => {
    const { logProb } = heldOut;
    assert.throws(() => new OutlierScore({ logProb, distance: [1] }), ShapeError);
    assert.throws(() => new OutlierScore({ logProb: [1], distance: [1] }), DataError);
    assert.throws(() => new OutlierScore({ logProb: [1, NaN], distance: [1, 1] }), DataError);
    assert.throws(() => new OutlierScore({ logProb: [1, 2], distance: [1, NaN] }), DataError);
  });
});
