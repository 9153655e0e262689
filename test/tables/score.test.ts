import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DataError, ShapeError } from "../../src/errors.js";
import { Random } from "../../src/random.js";
import { FlowOutlierScore } from "../../src/tables/index.js";

const random = Random.fromSeed(5);
const heldOut = {
  logProb: random.split("log p").normal(200),
  logDet: random.split("log det").normal(200),
};

describe("FlowOutlierScore", () => {
  it("is the mean of surprise and distance in standard deviations of held-out rows", () => {
    const score = new FlowOutlierScore(heldOut);
    const mean = (values: readonly number[]): number =>
      values.reduce((total, value) => total + value, 0) / values.length;
    const surprise = Array.from(heldOut.logProb, (value) => -value);
    const distance = surprise.map((value, i) => value + heldOut.logDet[i]!);
    const z = (value: number, all: readonly number[]): number => {
      const square = mean(all.map((one) => (one - mean(all)) ** 2));
      return (value - mean(all)) / Math.sqrt(square);
    };
    const rows = { logProb: [-1, 3, -20], logDet: [2, 0, -5] };
    const expected = [0, 1, 2].map(
      (i) => (z(-rows.logProb[i]!, surprise) + z(rows.logDet[i]! - rows.logProb[i]!, distance)) / 2,
    );
    score.of(rows).forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < 1e-9, `${value} ${expected[i]}`);
    });
    assert.ok(Math.abs(mean([...score.of(heldOut)])) < 1e-9);
  });

  it("doesn't change with the units of the columns, which add a constant to both terms", () => {
    const moved = (terms: { logProb: Float32Array; logDet: Float32Array }, by: number) => ({
      logProb: terms.logProb.map((value) => value + by),
      logDet: terms.logDet.map((value) => value + by),
    });
    const there = new FlowOutlierScore(moved(heldOut, 8)).of(moved(heldOut, 8));
    new FlowOutlierScore(heldOut).of(heldOut).forEach((value, i) => {
      assert.ok(Math.abs(value - there[i]!) < 1e-4);
    });
  });

  it("puts rows of no probability above all others, and keeps NaN in sight", () => {
    const [none, unknown] = new FlowOutlierScore(heldOut).of({
      logProb: [-Infinity, NaN],
      logDet: [NaN, 0],
    });
    assert.equal(none, Infinity);
    assert.ok(Number.isNaN(unknown));
  });

  it("takes held-out rows that are all alike", () => {
    const alike = { logProb: [1, 1], logDet: [0, 0] };
    assert.deepEqual([...new FlowOutlierScore(alike).of(alike)], [0, 0]);
  });

  it("refuses held-out rows that can't set a scale", () => {
    const { logProb } = heldOut;
    assert.throws(() => new FlowOutlierScore({ logProb, logDet: [1] }), ShapeError);
    assert.throws(() => new FlowOutlierScore({ logProb: [1], logDet: [1] }), DataError);
    assert.throws(() => new FlowOutlierScore({ logProb: [1, NaN], logDet: [1, 1] }), DataError);
    assert.throws(() => new FlowOutlierScore({ logProb: [1, 2], logDet: [1, NaN] }), DataError);
  });
});
