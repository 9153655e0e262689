import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import { add, fixedPoint, input, mul, type Tensor } from "../../src/graph/index.js";
import { substitute } from "../../src/graph/substitute.js";

describe("substitute", () => {
  const [x, y] = [input("x", [1]), input("y", [1])];

  it("puts tensors in place of inputs, and leaves the rest", () => {
    const outputs = { sum: add(x, y), product: mul(x, x), y };
    const replaced = substitute(outputs, { x: add(y, 1), z: y });
    assert.equal(replaced.y, y);
    const { sum, product } = evaluate(replaced, { y: { data: [3] } });
    assert.deepEqual([sum.data[0], product.data[0]], [7, 16]);
    assert.equal(evaluate(outputs, { x: { data: [1] }, y: { data: [3] } }).sum.data[0], 4);
  });

  it("reaches what a loop captures", () => {
    const half = mul(y, 0.5);
    const f = (at: Tensor): Tensor => add(mul(at, 0.5), half);
    const { value: limit } = fixedPoint(x, f, { steps: 60, tolerance: 0 });
    const replaced = substitute({ limit }, { y: input("z", [1]) });
    const { limit: result } = evaluate(replaced, { x: { data: [0] }, z: { data: [5] } });
    assert.ok(Math.abs(result.data[0]! - 5) < 1e-9);
  });
});
