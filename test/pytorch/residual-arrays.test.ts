import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ResidualArrays } from "../../src/pytorch/residual-arrays.js";

const boundOf = (norm: number, c: number): number | null => {
  const arrays = new ResidualArrays();
  arrays.layer("block.layer1", {
    sizes: { inChannels: 1, outChannels: 1, kernel: 1, height: 1, width: 1 },
    isDense: true,
    weight: Float64Array.of(norm),
    bias: Float64Array.of(0),
  });
  return arrays.bound(c);
};

describe("the bound of an imported model", () => {
  it("is the original's, or what leaves its weights as they are, if a model may have it", () => {
    assert.equal(boundOf(0.9, 0.98), 0.98);
    assert.equal(boundOf(0.985, 0.98), 0.987);
    for (const [norm, c] of [
      [0.9965, 0.98],
      [1.2, 0.98],
      [0.5, 0.999],
    ] as const) {
      assert.equal(boundOf(norm, c), null, `${norm}, ${c}`);
    }
  });
});
