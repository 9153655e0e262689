import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvertibleConv } from "../../src/bijections/index.js";
import { luFactors, randomRotation } from "../../src/bijections/random-rotation.js";
import { compile } from "../../src/engine/compile.js";
import { evaluate } from "../../src/engine/reference.js";
import { input } from "../../src/graph/index.js";
import { nodeEngine } from "../../src/node.js";
import { Scope } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { ndarray, type Arrays } from "../../src/tree.js";
import { logAbsDet, matrixOf } from "../support/matrices.js";
import { assertClose, normals } from "../support/values.js";

describe("luFactors", () => {
  it("are those worked out by hand", () => {
    // The largest pivots are 4 (row 1), then 3 of row 2 − ½·row 1, against 2 of row 0 − ¼·row 1.
    const matrix = Float64Array.of(1, 2.5, 3, 4, 2, 4, 2, 4, 9);
    const { permutation, lower, upper } = luFactors(matrix, 3);
    assert.deepEqual([...upper], [4, 2, 4, 0, 3, 7, 0, 0, 2 - (2 / 3) * 7]);
    assert.deepEqual([...lower], [1, 0, 0, 0.5, 1, 0, 0.25, 2 / 3, 1]);
    assert.deepEqual([...permutation], [0, 0, 1, 1, 0, 0, 0, 1, 0]);
  });

  it("multiply to the matrix, with multipliers of at most 1", () => {
    const n = 12;
    const matrix = Float64Array.from(Random.fromSeed(3).normal(n * n));
    const factors = luFactors(matrix, n);
    const [p, l, u] = [factors.permutation, factors.lower, factors.upper].map((m) =>
      matrixOf(m, n),
    );
    assertClose(p!.mmul(l!).mmul(u!).to1DArray(), matrix, 1e-14, "P·L·U");
    assert.ok(factors.lower.every((value) => Math.abs(value) <= 1));
  });
});

describe("randomRotation", () => {
  it("is orthogonal, and a function of its key", () => {
    for (const n of [1, 2, 48]) {
      const rotation = randomRotation(n, Random.fromSeed(n));
      const q = matrixOf(rotation, n);
      const identity = Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
      assertClose(q.mmul(q.transpose()).to1DArray(), identity, 1e-14, "QQᵀ");
      assert.deepEqual(randomRotation(n, Random.fromSeed(n)), rotation);
    }
    assert.notDeepEqual(
      randomRotation(2, Random.fromSeed(1)),
      randomRotation(2, Random.fromSeed(2)),
    );
  });
});

/** An invertible convolution and its first numbers, at a place in a model. */
function build(
  channels: number,
  shape: readonly number[],
): { conv: InvertibleConv; arrays: Arrays } {
  const scope = new Scope();
  const conv = new InvertibleConv(scope.child("conv"), [channels, ...shape]);
  return { conv, arrays: scope.initialArrays(Random.fromSeed(8)) };
}

describe("InvertibleConv", () => {
  it("starts as a random rotation", () => {
    const { conv, arrays } = build(6, []);
    const identity = Float64Array.from({ length: 36 }, (_, i) => Number(i % 7 === 0));
    const { value, logDet } = conv.forward(input("x", [6, 6]));
    const results = evaluate({ value, logDet }, { ...arrays, x: { data: identity } });
    const columns = matrixOf(results.value.data, 6); // its rows are W's columns
    assertClose(columns.mmul(columns.transpose()).to1DArray(), identity, 1e-6, "WᵀW");
    assertClose(
      results.logDet.data,
      Array.from({ length: 6 }, () => 0),
      1e-6,
      "logDet",
    );
  });

  it("counts its matrix's log-determinant once for each pixel", () => {
    const { conv, arrays } = build(3, [2, 5]);
    const disturbed = Object.fromEntries(
      Object.entries(arrays).map(([name, { shape, data }]) => [
        name,
        /permutation|sign/.test(name)
          ? { shape, data }
          : { shape, data: data.map((w, i) => w + normals(name, shape, 0.3).data[i]!) },
      ]),
    );
    const at = (name: string): ArrayLike<number> => disturbed[`conv.${name}`]!.data;
    const [lower, upper] = [matrixOf(at("lower"), 3), matrixOf(at("upper"), 3)];
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        if (i <= j) lower.set(i, j, Number(i === j));
        if (i >= j) upper.set(i, j, i === j ? at("sign")[i]! * Math.exp(at("logScale")[i]!) : 0);
      }
    }
    const weight = matrixOf(at("permutation"), 3).mmul(lower).mmul(upper);
    const x = normals("pixels", [1, 3, 2, 5]);
    const { value, logDet } = conv.forward(input("x", x.shape));
    const results = evaluate({ value, logDet }, { ...disturbed, x });
    assertClose(results.value.data, weight.mmul(matrixOf(x.data, 10)).to1DArray(), 1e-14, "Wx");
    assertClose(results.logDet.data, [10 * logAbsDet(weight)], 1e-14, "logDet");
  });

  it("comes back in float32, with 48 channels moved away from the rotation", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const { conv, arrays } = build(48, [2, 2]);
    const moved = Object.fromEntries(
      Object.entries(arrays).map(([name, { shape, data }]) => {
        const noise = normals(name, shape, 0.1).data;
        const isFixed = /permutation|sign/.test(name);
        return [name, ndarray(isFixed ? data : data.map((w, i) => w + noise[i]!), shape)];
      }),
    );
    const store = await engine.createStore(moved);
    const round = compile(engine, ({ x }) => {
      const { value } = conv.forward(x!);
      return { outputs: { back: conv.inverse(value).value } };
    });
    const x = ndarray(normals("x", [4, 48, 2, 2]).data, [4, 48, 2, 2]);
    const { back } = await round.call({ x }, { store });
    assertClose(back!.data, x.data, 2e-5, "x");
    await engine.close();
  });
});
