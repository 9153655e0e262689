import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "../src/errors.js";
import { Random, threefry2x32 } from "../src/random.js";

const count = 100_000;

function mean(values: ArrayLike<number>, f: (x: number) => number = (x) => x): number {
  let total = 0;
  for (const value of Array.from(values)) total += f(value);
  return total / values.length;
}

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

/** Pearson's statistic, less its mean, in its standard deviations. */
function uniformity(bins: ArrayLike<number>, cells: number): number {
  const counts = new Float64Array(cells);
  for (const bin of Array.from(bins)) counts[bin]! += 1;
  const expected = bins.length / cells;
  const statistic = mean(counts, (n) => (n - expected) ** 2 / expected) * cells;
  return (statistic - (cells - 1)) / Math.sqrt(2 * (cells - 1));
}

function correlation(a: Float32Array, b: Float32Array): number {
  const product = mean(
    a.map((x, i) => x * b[i]!),
    (x) => x,
  );
  return (product - mean(a) * mean(b)) * Math.sqrt(a.length);
}

describe("threefry2x32", () => {
  // Known answers that come with Random123.
  const vectors = [
    { counter: [0, 0], key: [0, 0], words: [0x6b200159, 0x99ba4efe] },
    {
      counter: [0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      words: [0x1cb996fc, 0xbb002be7],
    },
    {
      counter: [0x243f6a88, 0x85a308d3],
      key: [0x13198a2e, 0x03707344],
      words: [0xc4923a9c, 0x483df7a0],
    },
  ] as const;
  for (const { counter, key, words } of vectors) {
    it(`agrees with Random123 on counter ${counter}, key ${key}`, () => {
      const out = new Uint32Array(3);
      threefry2x32(key, counter[0], counter[1], out, 1);
      assert.deepEqual([...out], [0, ...words]);
    });
  }
});

describe("Random", () => {
  const random = Random.fromSeed(7);

  it("gives any part of a draw as the whole has it", () => {
    for (const kind of ["uniform", "normal", "rademacher"] as const) {
      const whole = random[kind](200);
      for (const [n, first] of [
        [1, 0],
        [7, 1],
        [64, 31],
        [65, 32],
        [101, 99],
      ] as const) {
        const part = whole.slice(first, first + n);
        assert.deepEqual(random[kind](n, first), part, `${kind}, ${n} from ${first}`);
      }
    }
    assert.deepEqual(random.integers(5, 100, 3), random.integers(8, 100).slice(3));
    assert.throws(() => random.normal(2, -1), UsageError);
    assert.throws(() => random.uniform(2, 0.5), UsageError);
  });

  it("draws the same numbers from the same key, and a longer draw starts with the shorter", () => {
    for (const kind of ["uniform", "normal", "rademacher"] as const) {
      const long = random[kind](101);
      assert.equal(long.length, 101);
      assert.deepEqual(Random.fromSeed(7)[kind](101), long);
      assert.deepEqual(random[kind](50), long.slice(0, 50));
      assert.equal(random[kind](51).buffer.byteLength, 204);
      assert.equal(random[kind](0).length, 0);
    }
    assert.deepEqual(random.integers(33, 10), Random.fromSeed(7).integers(33, 10));
    assert.deepEqual(random.permutation(33), Random.fromSeed(7).permutation(33));
  });

  it("keeps its streams from one version to the next", () => {
    assert.deepEqual([...Random.fromSeed(0).integers(2, 2 ** 32)], [0x6b200159, 0x99ba4efe]);
    assert.deepEqual(
      [...Random.fromSeed(1).split("noise").split(12).integers(3, 1000)],
      [848, 2, 282],
    );
  });

  it("differs between seeds, those that share 32 bits included", () => {
    const seeds = [0, 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
    const firsts = seeds.map((seed) =>
      Random.fromSeed(seed)
        .integers(2, 2 ** 32)
        .join(),
    );
    assert.equal(new Set(firsts).size, seeds.length);
  });

  it("splits by label and path", () => {
    const first = (r: Random) => r.integers(2, 2 ** 32).join();
    const children = [
      random,
      random.split(""),
      random.split("").split(""),
      random.split("a"),
      random.split("ab"),
      random.split("a").split("b"),
      random.split("b").split("a"),
      random.split("\0"),
      random.split(0),
      random.split(1),
      random.split(-1),
      random.split(0.5),
      random.split(2 ** 40),
      random.split("ā"),
    ];
    assert.equal(new Set(children.map(first)).size, children.length);
    assert.equal(first(random.split("a")), first(Random.fromSeed(7).split("a")));
    assert.equal(first(random.split(1)), first(random.split("1")));
  });

  it("makes children that are uncorrelated with each other and with their parent", () => {
    const streams = [random, ...[0, 1, "a", "b"].map((label) => random.split(label))];
    const normals = streams.map((r) => r.normal(20_000));
    normals.forEach((a, i) => {
      normals.slice(0, i).forEach((b) => {
        near(correlation(a, b), 0, 4);
      });
    });
    const firsts = Array.from({ length: 20_000 }, (_, step) => random.split(step).integers(1, 64));
    near(
      uniformity(
        firsts.map((draw) => draw[0]!),
        64,
      ),
      0,
      4,
    );
  });

  it("draws uniforms of [0, 1)", () => {
    const values = random.uniform(count);
    assert.ok(values.every((x) => x >= 0 && x < 1));
    near(mean(values), 1 / 2, 4 / Math.sqrt(12 * count));
    near(
      uniformity(
        values.map((x) => Math.floor(x * 256)),
        256,
      ),
      0,
      4,
    );
    near(correlation(values.subarray(1), values.subarray(0, -1)), 0, 4 / 12);
  });

  it("draws finite normals with the moments and tails of N(0, 1)", () => {
    const values = random.normal(count);
    assert.ok(values.every((x) => Math.abs(x) < 6.8));
    const moments = [0, 1, 0, 3];
    const variances = [1, 2, 15, 96];
    moments.forEach((moment, i) => {
      near(
        mean(values, (x) => x ** (i + 1)),
        moment,
        4 * Math.sqrt(variances[i]! / count),
      );
    });
    for (const [limit, share] of [
      [1, 0.317311],
      [2, 0.0455],
      [3, 0.0027],
    ] as const) {
      near(
        mean(values, (x) => (Math.abs(x) > limit ? 1 : 0)),
        share,
        4 * Math.sqrt(share / count),
      );
    }
    const odd = values.filter((_, i) => i % 2 === 1);
    const even = values.filter((_, i) => i % 2 === 0);
    near(correlation(odd, even), 0, 4);
    near(
      correlation(
        odd.map((x) => x * x),
        even.map((x) => x * x),
      ),
      0,
      8,
    );
  });

  it("draws signs that are fair and independent of their neighbours", () => {
    const signs = random.rademacher(count);
    assert.deepEqual(new Set(signs), new Set([-1, 1]));
    near(mean(signs), 0, 4 / Math.sqrt(count));
    for (const lag of [1, 2, 31, 32, 64]) {
      near(correlation(signs.subarray(lag), signs.subarray(0, -lag)), 0, 4);
    }
  });

  it("draws whole numbers below a bound", () => {
    for (const below of [1, 2, 3, 10, 1000]) {
      const values = random.integers(count, below);
      assert.ok(values.every((x) => x < below));
      if (below > 1) near(uniformity(values, below), 0, 4);
    }
    assert.ok(random.integers(count, 2 ** 32).some((x) => x >= 2 ** 31));
  });

  it("permutes, every order as often", () => {
    const sorted = random.permutation(1001).sort();
    assert.deepEqual(
      sorted,
      sorted.map((_, i) => i),
    );
    assert.deepEqual([...random.permutation(0)], []);
    assert.deepEqual([...random.permutation(1)], [0]);
    const orders = Array.from({ length: 12_000 }, (_, i) => {
      const [a, b, c] = random.split(i).permutation(4);
      return (a! * 4 + b!) * 4 + c!;
    });
    const seen = [...new Set(orders)].sort((a, b) => a - b);
    assert.equal(seen.length, 24);
    near(
      uniformity(
        orders.map((order) => seen.indexOf(order)),
        24,
      ),
      0,
      4,
    );
  });

  it("rejects impossible seeds, sizes and bounds", () => {
    for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      assert.throws(() => Random.fromSeed(seed), UsageError);
    }
    for (const n of [-1, 0.5, NaN, Infinity]) {
      for (const kind of ["uniform", "normal", "rademacher", "permutation"] as const) {
        assert.throws(() => random[kind](n), UsageError);
      }
      assert.throws(() => random.integers(n, 2), UsageError);
    }
    for (const below of [0, -1, 0.5, NaN, 2 ** 32 + 1]) {
      assert.throws(() => random.integers(1, below), UsageError);
    }
  });
});
