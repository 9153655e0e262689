import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradients } from "../../src/autodiff/vjp.js";
import { evaluate } from "../../src/engine/reference.js";
import { ShapeError } from "../../src/errors.js";
import { input, slice, square, sumAll } from "../../src/graph/index.js";
import { activation, activationNames, channelsPer, Scope } from "../../src/nn/index.js";
import { assertGradients, jacobian } from "../support/derivatives.js";
import { spectralNorm } from "../support/matrices.js";
import { parametersOf } from "../support/modules.js";
import { assertClose, largestDifference, normals, type Feeds } from "../support/values.js";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.log1p(Math.exp(x));

/** Even in number, so that it makes pairs; finest where slopes change. */
const grid = Float64Array.from({ length: 4002 }, (_, i) => (i - 2000.5) / 200);

function apply(name: string, data: ArrayLike<number>, feeds: Feeds = {}): Float64Array {
  const x = input("x", [1, data.length]);
  const y = activation(name, new Scope())(x);
  return evaluate({ y }, { ...feeds, x: { data } }).y.data;
}

function slopes(name: string, feeds: Feeds = {}): Float64Array {
  const x = input("x", [1, grid.length]);
  const [slope] = gradients(sumAll(activation(name, new Scope())(x)), [x]);
  return evaluate({ slope: slope! }, { ...feeds, x: { data: grid } }).slope.data;
}

const scalar = (value: number) => ({ shape: [], data: [value] });

const parameters: Feeds = {
  "lipswish.b": scalar(0.5),
  "clipswish.b": scalar(0.7),
  "sine.logFrequency": scalar(0.4),
};

/** Both slopes of each pair, which `[1, n]` makes `[1, 2n]`. */
function pairsOfSlopes(name: string, feeds: Feeds): [number, number][] {
  const x = input("x", [grid.length, 1]);
  const y = activation(name, new Scope())(x);
  const part = (i: number) => gradients(sumAll(slice(y, 1, i, i + 1)), [x])[0]!;
  const all = { ...feeds, x: { data: grid } };
  const { first, second } = evaluate({ first: part(0), second: part(1) }, all);
  return Array.from(first.data, (slope, i) => [slope, second.data[i]!]);
}

describe("activations", () => {
  it("are what their formulas say", () => {
    assertClose(
      apply("elu", grid),
      grid.map((x) => (x > 0 ? x : Math.exp(x) - 1)),
      1e-14,
      "elu",
    );
    assertClose(apply("softplus", grid), grid.map(softplus), 1e-14, "softplus");
    assertClose(
      apply("relu", grid),
      grid.map((x) => Math.max(x, 0)),
      0,
      "relu",
    );
    for (const b of [-3, 0.5, 4]) {
      assertClose(
        apply("lipswish", grid, { "lipswish.b": scalar(b) }),
        grid.map((x) => (x * sigmoid(x * softplus(b))) / 1.1),
        1e-14,
        `lipswish, b = ${b}`,
      );
    }
    for (const b of [-3, 0.5, 4]) {
      const s = (x: number): number => (x * sigmoid(x * softplus(b))) / 1.1;
      const all = [...Array.from(grid, s), ...Array.from(grid, (x) => s(-x))];
      const found = apply("clipswish", grid, { "clipswish.b": scalar(b) });
      const expected = all.map((y) => y / 1.004);
      assertClose(found, expected, 1e-14, `clipswish, b = ${b}`);
    }
    for (const a of [-2, 0, 1]) {
      const w = Math.exp(a);
      const all = [
        ...Array.from(grid, (x) => Math.sin(w * x) / w),
        ...Array.from(grid, (x) => (Math.cos(w * x) - 1) / w),
      ];
      const found = apply("sine", grid, { "sine.logFrequency": scalar(a) });
      assertClose(found, all, 1e-13, `sine, a = ${a}`);
    }
    assert.deepEqual([...apply("maxmin", [1, 5, -2, 4, 3, -7])], [4, 5, -2, 1, 3, -7]);
  });

  it("never have a slope above 1, LipSwish for no b", () => {
    for (const name of ["elu", "softplus", "relu"] as const) {
      const steepest = Math.max(...slopes(name));
      assert.ok(steepest <= 1 && steepest > 0.999, `${name}: ${steepest}`);
    }
    for (const b of [-10, -2, 0, 0.5, 1, 3, 10, 100]) {
      const found = slopes("lipswish", { "lipswish.b": scalar(b) });
      const steepest = Math.max(...found.map(Math.abs));
      assert.ok(steepest <= 1, `b = ${b}: ${steepest}`);
      if (Math.abs(b) < 5) assert.ok(steepest > 0.45, `b = ${b}: ${steepest}`);
    }
    const steep = slopes("lipswish", { "lipswish.b": scalar(3) });
    assert.ok(Math.max(...steep) > 0.999, "1.1 is the least divisor, to a thousandth");
  });

  it("that make pairs have slopes of length at most 1: sines of exactly 1", () => {
    const lengths = (name: string, feeds: Feeds): number[] =>
      pairsOfSlopes(name, feeds).map(([a, b]) => Math.hypot(a, b));
    for (const b of [-10, -2, 0, 0.5, 1, 3, 10, 100]) {
      const found = lengths("clipswish", { "clipswish.b": scalar(b) });
      assert.ok(Math.max(...found) <= 1, `b = ${b}: ${Math.max(...found)}`);
      assert.ok(Math.min(...found) > 0.6, "one of a pair is steep");
    }
    const steep = lengths("clipswish", { "clipswish.b": scalar(3) });
    assert.ok(Math.max(...steep) > 0.9999, "1.004 is the least divisor, nearly");
    for (const a of [-3, 0, 2]) {
      const found = lengths("sine", { "sine.logFrequency": scalar(a) });
      assertClose(found, new Float64Array(found.length).fill(1), 1e-12, `a = ${a}`);
    }
  });

  it("have gradients in x and in their parameters that differences show", () => {
    const x = normals("gradients", [2, 4], 1.5);
    for (const name of activationNames()) {
      const scope = new Scope();
      const at = input("x", x.shape);
      const y = activation(name, scope)(at);
      const inputs = { ...parametersOf(scope), x: at };
      assertGradients(sumAll(square(y)), inputs, { ...parameters, x });
    }
  });

  it("have the slopes that their values show", () => {
    const width = grid[1]! - grid[0]!;
    const middles = (data: Float64Array): Float64Array =>
      data.slice(1).map((y, i) => (y + data[i]!) / 2);
    for (const name of ["elu", "softplus", "lipswish"] as const) {
      const feeds = { "lipswish.b": scalar(1) };
      const y = apply(name, grid, feeds);
      const secants = y.slice(1).map((next, i) => (next - y[i]!) / width);
      const difference = largestDifference(secants, middles(slopes(name, feeds)));
      assert.ok(difference < 2e-3, `${name}: ${difference}`);
    }
  });

  it("map images as they map vectors", () => {
    const x = normals("image", [2, 4, 3, 1]);
    for (const name of activationNames()) {
      const feeds = { ...parameters, x };
      const image = activation(name, new Scope())(input("x", x.shape));
      assert.deepEqual(image.shape, [2, 4 * channelsPer(name), 3, 1], name);
      if (name === "maxmin" || channelsPer(name) > 1) continue; // whose pairs are channels
      const { data } = evaluate({ image }, feeds).image;
      assertClose(data, apply(name, x.data, feeds), 1e-15, name);
    }
  });

  it("maxmin keeps every norm, and needs pairs of channels", () => {
    const maxmin = activation("maxmin", new Scope());
    const matrix = jacobian(maxmin, normals("maxmin", [1, 6]), {});
    assert.equal(spectralNorm(matrix), 1);
    assert.equal(spectralNorm(matrix.transpose()), 1);
    assert.throws(() => maxmin(input("x", [2, 3])), ShapeError);
    assert.throws(() => maxmin(input("x", [2, 5, 4, 4])), ShapeError);
  });
});
