import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradients, vjp } from "../../src/autodiff/vjp.js";
import { evaluate } from "../../src/engine/reference.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import {
  add,
  constant,
  exp,
  fixedPoint,
  greater,
  input,
  logSumExp,
  max,
  maximum,
  minimum,
  mul,
  relu,
  square,
  stopGradient,
  sum,
  sumAll,
  tanh,
  topologicalOrder,
  type Tensor,
} from "../../src/graph/index.js";
import { assertClose, drawInputs } from "../graph/numbers.js";

const x = input("x", [3]);
const y = input("y", [3]);

/** Values of tensors that need no inputs but x and y. */
function values(tensor: Tensor, at: { x?: number[]; y?: number[] } = {}): number[] {
  const feeds = { x: { data: at.x ?? [1, 2, 3] }, y: { data: at.y ?? [4, 5, 6] } };
  return [...evaluate({ tensor }, feeds).tensor.data];
}

describe("vjp", () => {
  it("multiplies the cotangent by the Jacobian", () => {
    assert.deepEqual(values(vjp(mul(x, y), x, y)), [16, 25, 36]);
  });

  it("adds up over every way from x to y", () => {
    assert.deepEqual(values(vjp(add(mul(x, x), x), x, constant(1, [3]))), [3, 5, 7]);
  });

  it("is zero where y doesn't depend on x", () => {
    const gradient = vjp(y, x, constant(1, [3]));
    assert.deepEqual(gradient.shape, [3]);
    assert.deepEqual(values(gradient), [0, 0, 0]);
  });

  it("is the cotangent for y = x", () => {
    assert.equal(vjp(x, x, y), y);
  });

  it("takes a tensor on the way for a variable", () => {
    const h = square(x);
    assert.deepEqual(values(vjp(mul(h, x), h, constant(1, [3]))), [1, 2, 3]);
  });

  it("stops where it is told to", () => {
    const f = mul(x, stopGradient(x));
    assert.deepEqual(values(vjp(f, x, constant(1, [3]))), [1, 2, 3]);
    assert.deepEqual(values(vjp(stopGradient(x), x, constant(1, [3]))), [0, 0, 0]);
  });

  it("gives a Hessian's product when applied twice", () => {
    const cube = sumAll(mul(x, square(x)));
    const gradient = vjp(cube, x, constant(1));
    assert.deepEqual(values(vjp(gradient, x, y)), [24, 60, 108]);
  });

  it("builds nothing for inputs that need no gradient", () => {
    const gradient = vjp(mul(x, exp(y)), x, constant(1, [3]));
    assert.equal(topologicalOrder([gradient]).filter((node) => node.op === "mul").length, 1);
  });

  it("takes the documented side at a kink", () => {
    const one = constant(1, [3]);
    assert.deepEqual(values(vjp(relu(x), x, one), { x: [-1, 0, 1] }), [0, 0, 1]);
    assert.deepEqual(values(vjp(maximum(x, y), y, one), { x: [1, 1, 1], y: [0, 1, 2] }), [0, 1, 1]);
    assert.deepEqual(values(vjp(minimum(x, y), y, one), { x: [1, 1, 1], y: [0, 1, 2] }), [1, 1, 0]);
    assert.deepEqual(values(vjp(greater(x, y), x, one)), [0, 0, 0]);
  });

  it("shares a maximum's gradient among equals", () => {
    const gradient = vjp(max(x, [0]), x, constant(1, [1]));
    assert.deepEqual(values(gradient, { x: [2, 1, 2] }), [0.5, 0, 0.5]);
  });

  it("refuses a cotangent of another shape", () => {
    assert.throws(() => vjp(x, x, constant(1)), ShapeError);
  });

  it("goes past a fixed point of what is stopped", () => {
    const half = (at: Tensor): Tensor => mul(at, 0.5);
    const { value: z } = fixedPoint(stopGradient(x), half, { steps: 1, tolerance: 0 });
    assert.deepEqual(values(vjp(mul(z, x), x, constant(1, [3]))), [0.5, 1, 1.5]);
  });

  it("refuses to go through a fixed point", () => {
    const { value: z } = fixedPoint(x, (at) => mul(at, y), { steps: 3, tolerance: 0 });
    assert.throws(() => vjp(z, y, x), UsageError);
    assert.deepEqual(values(vjp(mul(stopGradient(z), y), y, constant(0, [3]))), [0, 0, 0]);
  });
});

describe("gradients", () => {
  it("takes the variables as independent of one another", () => {
    const h = tanh(x);
    const [inX, inH] = gradients(sumAll(mul(h, x)), [x, h]);
    const feeds = drawInputs([x]);
    const result = evaluate({ inX: inX!, inH: inH!, h, x }, feeds);
    assertClose(result.inX.data, result.h.data, 1e-15, "in x");
    assertClose(result.inH.data, result.x.data, 1e-15, "in h");
  });

  it("gives the softmax as the gradient of logSumExp, far out too", () => {
    const [gradient] = gradients(sumAll(logSumExp(x, 0)), [x]);
    assertClose(values(gradient!, { x: [1000, 1000, -1000] }), [0.5, 0.5, 0], 1e-15, "softmax");
  });

  it("refuses a loss that isn't a scalar", () => {
    assert.throws(() => gradients(sum(x, [0]), [x]), ShapeError);
  });
});
