import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { principalAxes } from "../../src/bijections/principal-axes.js";
import { squeeze, Whitening } from "../../src/bijections/index.js";
import { compile } from "../../src/engine/index.js";
import { nodeEngine } from "../../src/engine/node.js";
import { evaluate } from "../../src/engine/reference.js";
import { input } from "../../src/graph/index.js";
import { Context, Scope } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { ndarray } from "../../src/tree.js";
import { matrixOf } from "../support/matrices.js";
import { assertClose, normals, type Feeds, type Values } from "../support/values.js";

/** AᵀA/rows of random rows, scaled so that the variances spread over four decades. */
function covariance(n: number): Matrix {
  const rows = matrixOf(normals(`covariance ${n}`, [40, n]).data, n);
  const mixed = rows.mmul(matrixOf(normals(`mixing ${n}`, [n, n]).data, n));
  for (let j = 0; j < n; j++) mixed.mulColumn(j, 10 ** (-2 * (j / n)));
  return mixed.transpose().mmul(mixed).div(40);
}

const largest = (matrix: Matrix): number => matrix.abs().max();

describe("principalAxes", () => {
  for (const n of [1, 2, 3, 5, 8, 12]) {
    it(`diagonalises a symmetric ${n} x ${n} matrix`, () => {
      const a = covariance(n);
      const { axes, variances } = principalAxes(input("a", [n, n]));
      const found = evaluate({ axes, variances }, { a: { data: a.to1DArray() } });
      const q = matrixOf(found.axes.data, n);
      assert.ok(largest(q.mmul(q.transpose()).sub(Matrix.eye(n))) < 1e-13);
      const diagonal = q.mmul(a).mmul(q.transpose());
      assert.ok(
        largest(diagonal.clone().sub(Matrix.diag([...found.variances.data]))) < 1e-12 * a.max(),
      );
      const sorted = (values: ArrayLike<number>): number[] =>
        Array.from(values).sort((x, y) => x - y);
      const { realEigenvalues } = new EigenvalueDecomposition(a, { assumeSymmetric: true });
      assertClose(sorted(found.variances.data), sorted(realEigenvalues), 1e-12, "variances");
    });
  }

  it("takes equal variances, zeros, and pairs that are diagonal already", () => {
    for (const a of [
      [2, 0, 0, 0, 2, 0, 0, 0, 2],
      [0, 0, 0, 0, 0, 0, 0, 0, 0],
      [1, 0, 0, 0, 3, 1, 0, 1, 3],
      [1, 1, 1, 1, 1, 1, 1, 1, 1],
    ]) {
      const { axes, variances } = principalAxes(input("a", [3, 3]));
      const found = evaluate({ axes, variances }, { a: { data: a } });
      const q = matrixOf(found.axes.data, 3);
      const back = q
        .transpose()
        .mmul(Matrix.diag([...found.variances.data]))
        .mmul(q);
      assertClose(back.to1DArray(), a, 1e-14, "back");
    }
  });
});

describe("Whitening", () => {
  const scope = new Scope();
  const whitening = new Whitening(scope, [12, 4, 4]);
  const start = scope.initialArrays(Random.fromSeed(1));

  /** Squeezed patches of images whose neighbouring pixels and colours go together. */
  function patches(label: string, count: number): Values {
    const [noise, common] = [normals(label, [count, 3, 8, 8]), normals(`${label}'`, [count, 8])];
    const data = Float64Array.from(noise.data, (e, i) => {
      const [column, b] = [i % 8, Math.floor(i / 192)];
      return 120 + 60 * common.data[8 * b + column]! + 9 * e;
    });
    const x: Values = { shape: [count, 3, 8, 8], data };
    const ctx = new Context({ phase: "infer" });
    return evaluate({ y: squeeze([3, 8, 8]).forward(input("x", x.shape), ctx).value }, { x }).y;
  }

  /** The channels' means and covariance, over all pixels of all events. */
  function statistics({ shape, data }: Values): { means: number[]; covariance: Matrix } {
    const [b, c, pixels] = [shape[0]!, shape[1]!, shape[2]! * shape[3]!];
    const rows = Matrix.zeros(b * pixels, c);
    for (let i = 0; i < data.length; i++) {
      const [event, channel] = [Math.floor(i / (c * pixels)), Math.floor(i / pixels) % c];
      rows.set(event * pixels + (i % pixels), channel, data[i]!);
    }
    const means = rows.mean("column");
    const centred = rows.subRowVector(means);
    return {
      means,
      covariance: centred
        .transpose()
        .mmul(centred)
        .div(b * pixels),
    };
  }

  function initialise(x: Values): { y: Values; feeds: Feeds } {
    const ctx = new Context({ phase: "initialise" });
    const y = whitening.forward(input("x", x.shape), ctx).value;
    const { y: value, ...updates } = evaluate<string>({ y, ...ctx.updates }, { ...start, x });
    return { y: value!, feeds: { ...start, ...updates } };
  }

  const x = patches("first", 64);
  const { y, feeds } = initialise(x);

  it("leaves channels of mean 0 and variance nearly 1 that don't go together", () => {
    const before = statistics(x);
    assert.ok(before.covariance.get(0, 1) > 1000, "they did");
    const after = statistics(y);
    assertClose(after.means, new Float64Array(12), 1e-12, "means");
    const { realEigenvalues } = new EigenvalueDecomposition(before.covariance);
    const floor = (5e-4 * realEigenvalues.reduce((sum, v) => sum + v)) / 12;
    const expected = realEigenvalues.map((v) => v / (v + floor)).sort();
    assertClose(after.covariance.diagonal().sort(), expected, 1e-10, "variances");
    assert.ok(expected[0]! > 0.7, `${expected[0]}`);
    const rest = after.covariance.clone().sub(Matrix.diag(after.covariance.diagonal()));
    assert.ok(largest(rest) < 1e-10);
  });

  it("maps later data by the same numbers, and back", () => {
    const later = patches("later", 3);
    const ctx = new Context({ phase: "infer" });
    const there = whitening.forward(input("x", later.shape), ctx).value;
    const found = evaluate({ there }, { ...feeds, x: later }).there;
    const same = evaluate(
      { there: whitening.forward(input("x", x.shape), ctx).value },
      { ...feeds, x },
    );
    assertClose(same.there.data, y.data, 1e-12, "the data it saw");
    const back = whitening.inverse(input("y", later.shape)).value;
    assertClose(evaluate({ back }, { ...feeds, y: found }).back.data, later.data, 1e-12, "x");
  });

  it("comes back as closely from numbers that were rounded to float32", () => {
    const rounded: Feeds = Object.fromEntries(
      Object.entries(feeds).map(([name, { shape, data }]) => [
        name,
        { shape, data: Float32Array.from(data) },
      ]),
    );
    const ctx = new Context({ phase: "infer" });
    const there = whitening.forward(input("x", x.shape), ctx).value;
    const back = whitening.inverse(there).value;
    assertClose(evaluate({ back }, { ...rounded, x }).back.data, x.data, 1e-10, "x");
  });

  it("is set on an engine, in float32", async () => {
    const engine = await nodeEngine({ threads: 1 });
    const float32 = ndarray(x.data, x.shape);
    const set = compile(engine, ({ x }) => {
      const ctx = new Context({ phase: "initialise" });
      whitening.forward(x!, ctx);
      return { outputs: {}, updates: ctx.updates };
    });
    const use = compile(engine, ({ x }) => {
      const ctx = new Context({ phase: "infer" });
      const y = whitening.forward(x!, ctx).value;
      return { outputs: { y, back: whitening.inverse(y).value } };
    });
    try {
      const store = await engine.createStore(start);
      await set.call({ x: float32 }, { store });
      const found = await use.call({ x: float32 }, { store });
      const { means, covariance } = statistics(found.y!);
      assertClose(means, new Float64Array(12), 1e-4, "means");
      const rest = covariance.clone().sub(Matrix.diag(covariance.diagonal()));
      assert.ok(largest(rest) < 1e-3, `${largest(rest)}`);
      assertClose(found.back!.data, x.data, 1e-6, "x");
      await store.close();
    } finally {
      await set.close();
      await use.close();
      await engine.close();
    }
  });

  it("leaves a constant as it is, but for its mean", () => {
    const flat = { shape: [2, 12, 4, 4], data: new Float64Array(384).fill(7) };
    const set = initialise(flat);
    assertClose(set.y.data, new Float64Array(384), 1e-12, "y");
    assert.ok(
      Object.values(set.feeds).every(({ data }) => Array.from(data).every(Number.isFinite)),
    );
  });
});
