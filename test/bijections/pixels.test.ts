import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Logit, Rescale } from "../../src/bijections/index.js";
import { UsageError } from "../../src/errors.js";

describe("maps of pixels", () => {
  it("refuse numbers that have no inverse", () => {
    for (const options of [
      { offset: 0, scale: 0 },
      { offset: 0, scale: Infinity },
      { offset: NaN, scale: 1 },
    ]) {
      assert.throws(() => new Rescale([2], options), UsageError);
    }
    for (const alpha of [0, 0.5, 1, NaN]) assert.throws(() => new Logit([2], alpha), UsageError);
  });
});
