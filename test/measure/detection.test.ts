import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { measureDetection } from "../../src/measure/index.js";

describe("measureDetection", () => {
  it("counts what p-values flag of either kind", () => {
    const outliers = [true, false, true, false, false];
    const detection = measureDetection([4, 3, 2, 1, 0], [0.01, 0.04, 0.2, 0.5, 0.9], outliers);
    assert.equal(detection.normals, 3);
    assert.equal(detection.outliers, 2);
    assert.ok(Math.abs(detection.auroc - 5 / 6) < 1e-12);
    assert.deepEqual(detection.rates, [
      { rate: 0.01, detected: 0.5, falseAlarms: 0 },
      { rate: 0.05, detected: 0.5, falseAlarms: 1 / 3 },
    ]);
  });

  it("refuses arrays of other lengths, and one kind alone", () => {
    assert.throws(
      () => measureDetection([1, 2], [0.5], [true, false]),
      /^ShapeError: .* as many p-values/,
    );
    assert.throws(() => measureDetection([1], [0.5], [true]), /expected outliers and normal rows/);
  });
});
