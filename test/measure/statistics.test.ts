import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deviation, mean } from "../../src/measure/statistics.js";

describe("deviation", () => {
  it("is that of a sample: its square is unbiased", () => {
    assert.equal(mean([1, 2, 3, 6]), 3);
    assert.equal(deviation([1, 2, 3, 6]), Math.sqrt(14 / 3));
    assert.equal(deviation(Float32Array.of(4, 4)), 0);
  });

  it("is 0 of one value", () => {
    assert.equal(deviation([5]), 0);
  });
});
