import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DataError, ShapeError } from "../../src/errors.js";
import { auroc, rocCurve } from "../../src/measure/roc.js";
import { Random } from "../../src/random.js";

/** Over all pairs of an outlier and a normal row: 1 if the outlier scores higher, ½ for a tie. */
function byPairs(scores: ArrayLike<number>, outliers: readonly boolean[]): number {
  let [won, pairs] = [0, 0];
  outliers.forEach((isOutlier, i) => {
    outliers.forEach((other, j) => {
      if (!isOutlier || other) return;
      pairs++;
      if (scores[i]! > scores[j]!) won++;
      else if (scores[i] === scores[j]) won += 0.5;
    });
  });
  return won / pairs;
}

describe("auroc", () => {
  it("is the part of pairs in the right order, ties counted half", () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = Random.fromSeed(seed);
      const scores = random.split("scores").integers(80, 12);
      const outliers = Array.from(random.split("outliers").integers(80, 3), (k) => k === 0);
      assert.ok(Math.abs(auroc(scores, outliers) - byPairs(scores, outliers)) < 1e-12);
    }
  });

  it("takes infinite scores", () => {
    assert.equal(auroc([Infinity, Infinity, 0, -Infinity], [true, false, true, false]), 0.625);
  });

  it("refuses what can't be ranked", () => {
    assert.throws(() => auroc([1, NaN], [true, false]), /^DataError: auroc: expected scores/);
    assert.throws(() => auroc([1, 2], [true, true]), DataError);
    assert.throws(() => auroc([1, 2], [false, false]), DataError);
    assert.throws(() => auroc([1, 2, 3], [true, false]), ShapeError);
  });
});

describe("rocCurve", () => {
  it("refuses what can't be ranked", () => {
    assert.throws(() => rocCurve([1, NaN], [true, false]), /^DataError: rocCurve: expected scores/);
  });

  it("has the rates of each threshold", () => {
    const scores = [3, 1, 2, 2, 0];
    const outliers = [true, false, true, false, false];
    const [first, ...points] = rocCurve(scores, outliers);
    assert.deepEqual(first, { threshold: Infinity, truePositiveRate: 0, falsePositiveRate: 0 });
    assert.deepEqual(
      points.map(({ threshold }) => threshold),
      [3, 2, 1, 0],
    );
    for (const { threshold, ...rates } of points) {
      const flagged = scores.map((score) => score >= threshold);
      const part = (kind: boolean) =>
        flagged.filter((flag, i) => flag && outliers[i] === kind).length /
        outliers.filter((outlier) => outlier === kind).length;
      assert.deepEqual(rates, { truePositiveRate: part(true), falsePositiveRate: part(false) });
    }
  });
});
