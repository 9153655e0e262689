import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate, type Float64NDArray } from "../../src/engine/reference.js";
import { input } from "../../src/graph/index.js";
import { Packing } from "../../src/train/packing.js";
import { ndarray, type Arrays } from "../../src/tree.js";

describe("Packing", () => {
  const arrays: Arrays = {
    a: ndarray([1, 2, 3, 4, 5, 6], [2, 3]),
    b: ndarray([7], []),
    c: ndarray([8, 9], [1, 2, 1]),
  };
  const packing = new Packing(Object.entries(arrays).map(([name, { shape }]) => ({ name, shape })));
  const packed = ndarray([1, 2, 3, 4, 5, 6, 7, 8, 9], [9]);

  it("lays arrays end to end, and takes them apart", () => {
    assert.equal(packing.size, 9);
    assert.deepEqual(packing.names, ["a", "b", "c"]);
    assert.deepEqual(Object.fromEntries(packing.shapes), { a: [2, 3], b: [], c: [1, 2, 1] });
    assert.deepEqual(
      packing.pack((name) => arrays[name]!),
      packed,
    );
    assert.deepEqual(Object.fromEntries(packing.unpack(packed)), arrays);
  });

  it("does the same with tensors", () => {
    const parts = Object.fromEntries(packing.unpackTensor(input("packed", [9])));
    const again = packing.packTensors((name) => parts[name]!);
    const results: Readonly<Record<string, Float64NDArray>> = evaluate(
      { ...parts, again },
      { packed },
    );
    for (const [name, { shape, data }] of Object.entries({ ...arrays, again: packed })) {
      assert.deepEqual(results[name], { shape, data: Float64Array.from(data) });
    }
  });
});
