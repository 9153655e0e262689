import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradients, vjp } from "../../src/autodiff/vjp.js";
import {
  conv2d,
  div,
  elu,
  input,
  mul,
  neg,
  print,
  simplify,
  sum,
  sumAll,
  topologicalOrder,
  type Tensor,
} from "../../src/graph/index.js";

/** How many nodes of `result` pass the test, once simplified. */
function count(result: Tensor, test: (node: Tensor) => boolean): number {
  return topologicalOrder(Object.values(simplify({ result }))).filter(test).length;
}

const isElu =
  (order: number) =>
  (node: Tensor): boolean =>
    node.op === "elu" && node.attributes.order === order;

describe("rules", () => {
  it("share a slope between products with one Jacobian, and between their gradients", () => {
    const [x, v] = [input("x", [1, 2, 3, 3]), input("v", [1, 2, 3, 3])];
    const w = input("w", [2, 2, 3, 3]);
    const y = elu(conv2d(x, w));
    const thrice = vjp(y, x, vjp(y, x, vjp(y, x, v)));
    const gradient = gradients(sumAll(mul(thrice, v)), [x])[0]!;
    assert.equal(count(gradient, isElu(1)), 1);
    assert.equal(
      count(gradient, (node) => node.op === "mul" && node.inputs.some(isElu(2))),
      1,
    );
  });

  it("divide by a scalar after they sum over it", () => {
    const [x, scale] = [input("x", [4, 5]), input("scale", [])];
    const loss = sumAll(mul(div(x, scale), input("g", [4, 5])));
    const gradient = gradients(loss, [scale])[0]!;
    assert.deepEqual(gradient.shape, []);
    const divisions = (node: Tensor): boolean => node.op === "div" && node.shape.length > 0;
    assert.equal(count(gradient, divisions), 1); // x / scale itself
  });

  it("multiply by what doesn't vary after they sum", () => {
    const [x, gain] = [input("x", [2, 3, 4]), input("gain", [1, 3, 1])];
    const text = (tensor: Tensor): string => print(simplify({ tensor }));
    assert.equal(text(sum(mul(x, gain), [0, 2])), text(mul(sum(x, [0, 2]), gain)));
    assert.equal(text(sum(mul(x, gain), [1])), text(sum(mul(gain, x), [1])));
    assert.equal(text(sum(neg(x), [1])), text(neg(sum(x, [1]))));
  });
});
