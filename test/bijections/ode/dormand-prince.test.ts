import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { solve, tableau, type SolveOptions } from "../../../src/bijections/index.js";
import { evaluate } from "../../../src/engine/reference.js";
import { concat, input, mul, slice, sub, type Tensor } from "../../../src/graph/index.js";

/** A rooted tree, as the subtrees of its root. */
type Tree = readonly Tree[];

/** Every rooted tree with that many nodes. */
function trees(nodes: number): Tree[] {
  return forests(nodes - 1, nodes - 1);
}

/** Every multiset of trees with `nodes` nodes in all, each tree of at most `most`. */
function forests(nodes: number, most: number): Tree[] {
  if (nodes === 0) return [[]];
  const found: Tree[] = [];
  for (let size = Math.min(nodes, most); size >= 1; size--) {
    for (const first of trees(size)) {
      const key = JSON.stringify(first);
      for (const rest of forests(nodes - size, size)) {
        const [next] = rest;
        const isOrdered = !next || orderOf(next) < size || JSON.stringify(next) <= key;
        if (isOrdered) found.push([first, ...rest]);
      }
    }
  }
  return found;
}

const orderOf = (tree: Tree): number => 1 + tree.reduce((sum, part) => sum + orderOf(part), 0);
const densityOf = (tree: Tree): number =>
  tree.reduce((product, part) => product * densityOf(part), orderOf(tree));

const rows: readonly (readonly number[])[] = [[], ...tableau.stages];
const solution = tableau.stages[5];

/** Butcher's elementary weight: by stage. */
function weightsOf(tree: Tree): number[] {
  const parts = tree.map(weightsOf);
  return rows.map((_, stage) =>
    parts.reduce(
      (product, part) => product * rows[stage]!.reduce((sum, a, j) => sum + a * part[j]!, 0),
      1,
    ),
  );
}

/** Largest violation of a condition of that order, Σ bᵢΦᵢ(tree) = 1/γ(tree). */
const violation = (b: readonly number[], order: number): number =>
  Math.max(
    ...trees(order).map((tree) => {
      const weights = weightsOf(tree);
      return Math.abs(b.reduce((sum, bi, i) => sum + bi * weights[i]!, 0) - 1 / densityOf(tree));
    }),
  );

describe("tableau", () => {
  it("is tested on every rooted tree", () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map((n) => trees(n).length),
      [1, 1, 2, 4, 9, 20],
    );
  });

  it("fulfils the conditions of orders 5 and 4, and none beyond", () => {
    for (const order of [1, 2, 3, 4, 5]) assert.ok(violation(solution, order) < 1e-15);
    assert.ok(violation(solution, 6) > 1e-4);
    for (const order of [1, 2, 3, 4]) assert.ok(violation(tableau.embedded, order) < 1e-15);
    assert.ok(violation(tableau.embedded, 5) > 1e-4);
  });

  it("evaluates each stage at the time its weights add up to", () => {
    rows.forEach((row, i) => {
      const sum = row.reduce((total, a) => total + a, 0);
      assert.ok(Math.abs(sum - tableau.nodes[i]!) < 2e-15);
    });
  });
});

const usual = { from: 0, to: 2, tolerance: 1e-8, steps: 1000, controlled: [2] };
const y0 = input("y", [1, 2]);
const feeds = { y: { data: [1, -0.5] } };

const solved = (
  derivative: (y: Tensor, t: Tensor) => Tensor,
  options: Partial<SolveOptions> = {},
): { y: number[]; left: number; evaluations: number } => {
  const { y, left, evaluations } = evaluate(
    { ...solve(y0, derivative, { ...usual, ...options }) },
    feeds,
  );
  return { y: [...y.data], left: left.data[0]!, evaluations: evaluations.data[0]! };
};

const off = (actual: readonly number[], expected: readonly number[]): number =>
  Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));

/** y' = A y, a rotation by 3 a unit of time that decays. */
const spiral = (y: Tensor): Tensor => {
  const [a, b] = [slice(y, 1, 0, 1), slice(y, 1, 1, 2)];
  return concat([sub(mul(a, -0.5), mul(b, 3)), sub(mul(a, 3), mul(b, 0.5))], 1);
};
const spiralAt = (t: number): number[] => {
  const [c, s] = [Math.cos(3 * t) * Math.exp(-t / 2), Math.sin(3 * t) * Math.exp(-t / 2)];
  return [c + 0.5 * s, s - 0.5 * c];
};

describe("solve", () => {
  it("follows a known solution as closely as it is told, with as few evaluations as order 5 needs", () => {
    const counts = [1e-4, 1e-7, 1e-10].map((tolerance) => {
      const { y, left, evaluations } = solved(spiral, { tolerance });
      assert.equal(left, 0);
      assert.ok(off(y, spiralAt(2)) < 20 * tolerance, `${tolerance}: ${off(y, spiralAt(2))}`);
      return evaluations;
    });
    assert.ok(counts[0]! < 100, `${counts}`);
    // A step's error is of order h⁵ in the weaker solution: 10³ times less takes 10^(3/5) ≈ 4 times as many.
    for (const ratio of [counts[1]! / counts[0]!, counts[2]! / counts[1]!]) {
      assert.ok(ratio > 2 && ratio < 5, `${counts}`);
    }
  });

  it("runs back in time, from where it got to where it was", () => {
    const there = solve(y0, spiral, { ...usual, tolerance: 1e-10 });
    const back = solve(there.y, spiral, { ...usual, from: 2, to: 0, tolerance: 1e-10 });
    const { y } = evaluate({ y: back.y }, feeds);
    assert.ok(off([...y.data], feeds.y.data) < 1e-8);
  });

  it("tells the derivative the time", () => {
    const { y } = solved((_y, t) => mul(t, y0), { to: 3 });
    assert.ok(off(y, [1 + 4.5, -0.5 - 2.25]) < 1e-10, `${y}`); // y₀ + y₀·t²/2
  });

  it("carries along what isn't controlled in the steps of what is", () => {
    const alone = solved((y) => mul(y, 0.1), { tolerance: 1e-4, controlled: [1] });
    const fast = (y: Tensor, t: Tensor): Tensor =>
      concat([mul(slice(y, 1, 0, 1), 0.1), mul(slice(y, 1, 1, 2), mul(t, 8))], 1);
    const beside = solved(fast, { tolerance: 1e-4, controlled: [1] });
    assert.equal(beside.evaluations, alone.evaluations);
    assert.ok(Math.abs(alone.y[0]! - Math.exp(0.2)) < 1e-3);
    const { evaluations } = solved(fast, { tolerance: 1e-4, controlled: [1, 1] });
    assert.ok(evaluations > alone.evaluations);
  });

  it("says how much time is left when its steps are used up, or a step isn't a number", () => {
    const short = solved(spiral, { steps: 3 });
    assert.ok(short.left > 0 && short.left < 1);
    assert.equal(short.evaluations, 1 + 6 * 3);
    assert.ok(!(solved((y) => mul(y, NaN)).left <= 0));
  });

  it("starts where nothing moves, and from zero", () => {
    assert.deepEqual(solved((y) => mul(y, 0)).y, feeds.y.data);
    const zero = solve(mul(y0, 0), (y) => sub(1, y), { ...usual, to: 1 });
    const { y } = evaluate({ y: zero.y }, feeds);
    assert.ok(off([...y.data], [1 - Math.exp(-1), 1 - Math.exp(-1)]) < 1e-8);
  });
});
