import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "../../src/errors.js";
import {
  add,
  constant,
  conv2d,
  conv2dInputGrad,
  elu,
  fixedPoint,
  input,
  maximum,
  mul,
  relu,
  reshape,
  simplify,
  sub,
  tanh,
  type Tensor,
} from "../../src/graph/index.js";
import { toOnnx } from "../../src/onnx/index.js";
import { lowererFor } from "../../src/onnx/lowering.js";
import { ModelScope, GraphScope } from "../../src/onnx/scope.js";
import { targets } from "../../src/onnx/targets.js";
import { ndarray } from "../../src/tree.js";
import { assertAgree } from "./agreement.js";
import { testEngine } from "../support/engine.js";

const x = input("x", [2, 3, 4, 4]);
const w = input("w", [5, 3, 3, 3]);
const b = reshape(input("b", [5]), [1, 5, 1, 1]);

/** The operators that outputs become, outside loops' bodies. */
function operators(...outputs: Tensor[]): string[] {
  const scope = new GraphScope(new ModelScope(lowererFor(targets.portable), new Map(), []));
  scope.model.lowerer.lower(Object.values(simplify(Object.fromEntries(outputs.entries()))), scope);
  return scope.nodes.map((node) => node.opType);
}

const count = (list: readonly string[], op: string): number =>
  list.filter((other) => other === op).length;

describe("lowering", () => {
  it("shares ELU's exponential with its derivatives", () => {
    const ops = operators(elu(x), elu(x, 1), elu(x, 2));
    assert.deepEqual(ops, ["Clip", "Exp", "Sub", "Max", "HardSigmoid", "Floor", "Sub"]);
  });

  it("makes a maximum with 0 a Relu, and no other", () => {
    assert.deepEqual(operators(relu(x)), ["Relu"]);
    assert.deepEqual(operators(maximum(x, 1)), ["Max"]);
    assert.deepEqual(operators(maximum(input("s", []), input("t", []))), ["Max"]);
  });

  it("gives a convolution its bias, if nothing else wants the bare one", () => {
    const conv = conv2d(x, w);
    assert.equal(count(operators(add(conv, b)), "Add"), 0);
    assert.equal(count(operators(add(b, conv)), "Add"), 0);
    assert.equal(count(operators(add(conv, b), tanh(conv)), "Add"), 1);
    assert.equal(count(operators(add(conv, b), conv), "Add"), 1);
    assert.equal(count(operators(add(conv, input("full", [2, 5, 4, 4]))), "Add"), 1);
    assert.equal(count(operators(add(conv, input("row", [1, 5, 1, 4]))), "Add"), 1);
  });

  it("reshapes a value once for each shape, and never what is reshaped already", () => {
    const scope = new GraphScope(new ModelScope(lowererFor(targets.portable), new Map(), []));
    const matrix = scope.reshape("x", [6, 16]);
    assert.notEqual(scope.reshape("x", [96]), matrix);
    assert.equal(scope.reshape(scope.reshape(matrix, [96]), [6, 16]), matrix);
    assert.deepEqual(
      scope.nodes.map(({ inputs }) => inputs[0]),
      ["x", "x"],
    );
  });

  it("flips a filter once, and outside the loop that wants it", () => {
    const g = input("g", [2, 5, 4, 4]);
    const two = operators(conv2dInputGrad(g, w), conv2dInputGrad(tanh(g), w));
    assert.equal(count(two, "Slice"), 1);
    const square = input("v", [3, 3, 3, 3]);
    const f = (at: Tensor): Tensor => sub(x, mul(conv2dInputGrad(at, square), 0.1));
    const loop = operators(fixedPoint(x, f, { steps: 5, tolerance: 0 }).value);
    assert.equal(count(loop, "Slice"), 2, "of the filter, and of what the loop gives");
    assert.equal(count(loop, "Conv"), 0);
  });
});

describe("toOnnx", async () => {
  const engine = await testEngine();

  it("lists its inputs", () => {
    assert.deepEqual(toOnnx({ y: conv2d(x, w) }).inputs, { x: x.shape, w: w.shape });
  });

  it("refuses an output named like an input", () => {
    assert.throws(
      () => toOnnx({ x: tanh(x) }),
      (error) => error instanceof UsageError && error.message.includes('"x"'),
    );
  });

  it("is the same bytes for the same graph", () => {
    const model = (): Uint8Array => toOnnx({ y: elu(add(conv2d(x, w), b)) }).bytes;
    assert.deepEqual(model(), model());
  });

  it("makes results under their outputs' names, and copies only what has another name", async () => {
    const [one, two] = [input("one", [2, 1]), input("two", [1, 2])];
    const outside = tanh(one);
    const f = (at: Tensor): Tensor => add(mul(at, 0.5), outside);
    const { value } = fixedPoint(outside, f, { steps: 50, tolerance: 0 });
    const outputs = { outside, value, again: outside, given: two, constant: constant(3, [2]) };
    const text = new TextDecoder("latin1").decode(toOnnx({ outside, again: outside }).bytes);
    assert.equal(text.split("\x22\x08Identity").length - 1, 1, "one copy of two outputs");
    await assertAgree([engine], { inputs: [one, two], outputs }, 1e-6);
  });

  it("leaves out what nothing wants", () => {
    const twice = reshape(reshape(tanh(x), [6, 16]), [96]);
    const text = new TextDecoder("latin1").decode(toOnnx({ twice }).bytes);
    assert.equal(text.split("\x22\x07Reshape").length - 1, 1);
  });

  it("keeps apart the names of inputs and of what it makes", async () => {
    const names = Array.from({ length: 30 }, (_, i) => [`Add_${i}`, `float_${i}`, `Tanh_${i}`]);
    const inputs = names.flat().map((name) => input(name, []));
    const total = inputs.reduce<Tensor>(
      (sum, next) => tanh(add(add(sum, next), 1)),
      input("0", []),
    );
    const session = await engine.load({
      outputs: { "": total, Add_1: total },
      updates: {},
      guard: [],
    });
    const zero = ndarray([0], []);
    const feeds = Object.fromEntries(session.inputs.map((name) => [name, zero]));
    const result = await session.run(feeds);
    assert.deepEqual(result[""], result.Add_1);
  });
});
