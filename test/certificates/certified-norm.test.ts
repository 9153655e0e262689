import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Matrix, QrDecomposition } from "ml-matrix";
import { certifiedNorm } from "../../src/certificates/index.js";
import { DataError, ShapeError, UsageError } from "../../src/errors.js";
import type { OperatorKind } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { ndarray, sizeOf, type NDArray, type Shape } from "../../src/tree.js";
import { convMatrix, matrixOf, spectralNorm } from "../support/matrices.js";

const matrix: OperatorKind = { kind: "matrix" };
const conv = (height: number, width: number): OperatorKind => ({ kind: "conv", height, width });
const noise = (seed: number, shape: Shape): NDArray =>
  ndarray(Random.fromSeed(seed).normal(sizeOf(shape)), shape);
const changed = ({ shape, data }: NDArray, f: (x: number, i: number) => number): NDArray =>
  ndarray(data.map(f), shape);
const weightOf = (m: Matrix): NDArray => ndarray(m.to1DArray(), [m.rows, m.columns]);

/** What the SVD's own rounding may make of the true norm, relatively. */
const rounding = 1e-13;

function expectTight(bound: number, norm: number, excess: number): void {
  assert.ok(bound >= norm * (1 - rounding), `expected at least ${norm}, got ${bound}`);
  assert.ok(bound <= norm * (1 + excess), `expected at most ${excess} above ${norm}, got ${bound}`);
}

const signs = [1, -1] as const;

/**
 * The matrix of a circular convolution on r = (k − 1)/2 rows and columns more than the image has,
 * whose taps change by a sign where they wrap round.
 */
function circularMatrix(
  { shape, data }: NDArray,
  [height, width]: readonly [number, number],
  [down, across]: readonly [number, number],
): Matrix {
  const [outs, ins, kernel] = shape as [number, number, number];
  const reach = (kernel - 1) / 2;
  const [rows, columns] = [height + reach, width + reach];
  const matrix = Matrix.zeros(outs * rows * columns, ins * rows * columns);
  const wrapped = (at: number, n: number, sign: number): [number, number] =>
    at < 0 ? [at + n, sign] : at >= n ? [at - n, sign] : [at, 1];
  data.forEach((w, at) => {
    const [o, i] = [Math.floor(at / (ins * kernel ** 2)), Math.floor(at / kernel ** 2) % ins];
    const [p, q] = [Math.floor(at / kernel) % kernel, at % kernel];
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const [fromY, signY] = wrapped(y + p - reach, rows, down);
        const [fromX, signX] = wrapped(x + q - reach, columns, across);
        const [to, from] = [(o * rows + y) * columns + x, (i * rows + fromY) * columns + fromX];
        matrix.set(to, from, matrix.get(to, from) + signY * signX * w);
      }
    }
  });
  return matrix;
}

/** The least norm of the four. */
function circularNorm(weight: NDArray, size: readonly [number, number]): number {
  const norms = signs.flatMap((down) =>
    signs.map((across) => spectralNorm(circularMatrix(weight, size, [down, across]))),
  );
  return Math.min(...norms);
}

const orthogonal = new QrDecomposition(matrixOf(noise(1, [40, 40]).data, 40)).orthogonalMatrix;
const graded = Matrix.diag(Array.from({ length: 40 }, (_, i) => 10 ** (-i / 4)));

const matrices: Readonly<Record<string, NDArray>> = {
  "one number": noise(2, [1, 1]),
  square: noise(3, [30, 30]),
  "taller than wide": noise(4, [60, 7]),
  "wider than tall": noise(5, [7, 60]),
  "one row": noise(6, [1, 50]),
  "one column": noise(7, [50, 1]),
  "rank 2": weightOf(
    matrixOf(noise(8, [30, 2]).data, 2).mmul(matrixOf(noise(9, [2, 30]).data, 30)),
  ),
  orthogonal: weightOf(orthogonal),
  "ill-conditioned": weightOf(orthogonal.mmul(graded).mmul(orthogonal.transpose())),
  "two largest values close": weightOf(
    orthogonal.mmul(Matrix.diag([1, 1 - 1e-7, ...Array<number>(38).fill(0.999)])).mmul(orthogonal),
  ),
  "all equal": changed(noise(10, [9, 13]), () => 0.5),
  "near float32's largest": changed(noise(11, [12, 12]), (x) => x * 1e37),
  "below float32's normal numbers": changed(noise(12, [12, 12]), (x) => x * 1e-40),
  "of numbers far apart": changed(noise(13, [12, 12]), (x, i) => x * 10 ** ((i % 60) - 30)),
};

describe("certifiedNorm", () => {
  for (const [name, weight] of Object.entries(matrices)) {
    it(`is at least the norm by SVD, and within 3·10⁻⁶ of it: ${name}`, () => {
      const { bound, of } = certifiedNorm(weight, matrix);
      expectTight(bound, spectralNorm(matrixOf(weight.data, weight.shape[1]!)), 3e-6);
      assert.equal(of, "operator");
    });
  }

  it("bounds I + 0.003 aaᵀ of 784 features, where power iteration settles 0.3 % below the norm", () => {
    const n = 784;
    const a = Random.fromSeed(14).normal(n);
    const square = a.reduce((total, x) => total + x * x, 0);
    const weight = ndarray(
      Float32Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        return (i === j ? 1 : 0) + (0.003 * a[i]! * a[j]!) / square;
      }),
      [n, n],
    );
    /** |Wv|₂/|v|₂ of v, which becomes Wv of length 1: W is symmetric. */
    const turn = (v: Float64Array): number => {
      const w = v.map((_, i) => {
        let total = 0;
        for (let j = 0; j < n; j++) total += weight.data[i * n + j]! * v[j]!;
        return total;
      });
      const length = Math.hypot(...w);
      const ratio = length / Math.hypot(...v);
      v.set(w.map((x) => x / length));
      return ratio;
    };
    // |W|₂ ≥ |Wa|₂/|a|₂.
    const norm = turn(Float64Array.from(a));
    expectTight(certifiedNorm(weight, matrix).bound, norm, 3e-6);
    const v = Float64Array.from(Random.fromSeed(20).normal(n));
    let [before, now] = [Infinity, 0];
    for (let i = 1; i <= 400; i++) {
      if (i % 20 === 1) before = now;
      now = turn(v);
    }
    assert.ok(Math.abs(now - before) <= 1e-5, "looks settled over 10 iterations, 20 products");
    assert.ok(now * 1.002 < norm * 0.9991, `expected 0.09 % too little, got ${now}`);
  });

  it("takes a 1x1 filter as a matrix", () => {
    const weight = noise(15, [5, 8]);
    const filter = ndarray(weight.data, [5, 8, 1, 1]);
    assert.deepEqual(certifiedNorm(filter, matrix), certifiedNorm(weight, matrix));
  });

  const convolutions: [Shape, [number, number]][] = [
    [
      [1, 1, 3, 3],
      [1, 1],
    ],
    [
      [2, 3, 3, 3],
      [4, 4],
    ],
    [
      [3, 2, 3, 3],
      [5, 7],
    ],
    [
      [2, 2, 3, 3],
      [2, 9],
    ],
    [
      [2, 1, 5, 5],
      [6, 6],
    ],
    [
      [1, 1, 5, 5],
      [2, 1],
    ],
    [
      [2, 2, 1, 1],
      [3, 3],
    ],
  ];
  for (const [shape, [height, width]] of convolutions) {
    const weight = noise(sizeOf(shape) + height, shape);
    const norm = spectralNorm(convMatrix(weight, height, width));

    it(`bounds a zero-padded convolution [${shape}] at ${height}x${width} within 3·10⁻⁶`, () => {
      const { bound, of } = certifiedNorm(weight, conv(height, width));
      expectTight(bound, norm, 3e-6);
      assert.equal(of, "operator");
    });

    it(`bounds it by the best circular one where its matrix is too dear: at ${height}x${width}`, () => {
      const { bound, of } = certifiedNorm(weight, conv(height, width), { products: 0 });
      expectTight(bound, circularNorm(weight, [height, width]), 3e-6);
      assert.ok(bound >= norm * (1 - rounding));
      assert.equal(of, "circulant");
    });
  }

  it("reaches a circular bound that is the norm itself", () => {
    const weight = ndarray([0, 0, 0, 1, 0, 1, 0, 0, 0], [1, 1, 3, 3]);
    const { bound } = certifiedNorm(weight, conv(4, 9), { products: 0 });
    expectTight(bound, 2 * Math.cos(Math.PI / 10), 3e-6);
  });

  it("bounds filters whose symbol vanishes at some frequencies", () => {
    for (const taps of [
      [0, 1, 0, 1, -4, 1, 0, 1, 0],
      [0, 0, 0, -1, 0, 1, 0, 0, 0],
    ]) {
      const weight = ndarray(taps, [1, 1, 3, 3]);
      const norm = spectralNorm(convMatrix(weight, 6, 6));
      expectTight(certifiedNorm(weight, conv(6, 6)).bound, norm, 3e-6);
      const { bound } = certifiedNorm(weight, conv(6, 6), { products: 0 });
      expectTight(bound, circularNorm(weight, [6, 6]), 3e-6);
    }
  });

  it("is 0 for a weight of zeros", () => {
    assert.equal(certifiedNorm(ndarray(new Float32Array(6), [2, 3]), matrix).bound, 0);
    assert.equal(certifiedNorm(ndarray(new Float32Array(9), [1, 1, 3, 3]), conv(3, 3)).bound, 0);
  });

  it("refuses NaN, infinite numbers, and shapes that aren't the operator's", () => {
    for (const odd of [NaN, Infinity]) {
      assert.throws(() => certifiedNorm(ndarray([1, odd], [1, 2]), matrix), DataError);
    }
    assert.throws(() => certifiedNorm(noise(16, [4]), matrix), ShapeError);
    assert.throws(() => certifiedNorm(noise(17, [2, 2, 3, 3]), matrix), ShapeError);
    assert.throws(() => certifiedNorm(noise(18, [2, 2, 2, 2]), conv(3, 3)), ShapeError);
    assert.throws(() => certifiedNorm({ shape: [2, 2], data: [1, 2, 3] }, matrix), ShapeError);
  });

  it("refuses an operator of no kind or size, and options that it doesn't know", () => {
    const weight = noise(19, [2, 2, 3, 3]);
    for (const operator of [
      { kind: "matrx" },
      { kind: "conv", width: 8 },
      { kind: "conv", height: NaN, width: 8 },
      { kind: "conv", height: 0, width: 8 },
      { kind: "conv", height: 8.5, width: 8 },
    ]) {
      assert.throws(() => certifiedNorm(weight, operator as OperatorKind), UsageError);
    }
    for (const options of [{ product: 1 }, { products: NaN }, { products: -1 }]) {
      assert.throws(() => certifiedNorm(weight, conv(8, 8), options), UsageError);
    }
  });
});
