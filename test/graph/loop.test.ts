import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { costOf } from "../../bench/cost.js";
import { gradients, vjp } from "../../src/autodiff/vjp.js";
import { evaluate } from "../../src/engine/reference.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import {
  add,
  constant,
  input,
  loop,
  mul,
  print,
  simplify,
  sub,
  sumAll,
  tanh,
  topologicalOrder,
  withGradient,
  type Tensor,
} from "../../src/graph/index.js";

const x = input("x", []);

/** Two less a turn while above 0. */
const countdown = (most: number): Record<"x" | "turns", Tensor> =>
  loop(
    { x, turns: constant(0) },
    {
      next: (state) => ({ x: sub(state.x, 2), turns: add(state.turns, 1) }),
      goOn: (state) => state.x,
      steps: most,
    },
  );

const ran = (most: number, from: number): [number, number] => {
  const { x: last, turns } = evaluate(countdown(most), { x: { data: [from] } });
  return [last.data[0]!, turns.data[0]!];
};

describe("loop", () => {
  it("takes turns while its condition is above 0, and no more than it may", () => {
    assert.deepEqual(ran(100, 7), [-1, 4]);
    assert.deepEqual(ran(100, 6), [0, 3]);
    assert.deepEqual(ran(2, 7), [3, 2]);
    assert.deepEqual(ran(0, 7), [7, 0]);
    assert.deepEqual(ran(100, -3), [-3, 0]);
    assert.deepEqual(ran(100, NaN), [NaN, 0]);
  });

  it("computes what doesn't depend on the state once, outside", () => {
    const y = input("y", []);
    const { s } = loop(
      { s: x },
      { next: (state) => ({ s: mul(state.s, tanh(y)) }), goOn: () => constant(1), steps: 3 },
    );
    const node = topologicalOrder([s]).find(({ op }) => op === "loop");
    assert.ok(node?.op === "loop");
    assert.ok(node.inputs.some(({ op }) => op === "tanh"));
    const inside = topologicalOrder(node.attributes.results).map(({ op }) => op);
    assert.deepEqual(inside.sort(), ["constant", "input", "input", "mul"]);
  });

  it("is simplified, printed and counted with its body", () => {
    const { y } = loop(
      { y: input("y", [4]) },
      { next: ({ y: at }) => ({ y: add(mul(at, 1), 2) }), goOn: () => constant(1), steps: 3 },
    );
    const simplified = simplify({ y });
    assert.match(print(simplified), /loop\(3, 1, y\) \{\n\(loop\.y\) =>\n.* = add\(loop\.y, 2\)/);
    assert.equal(costOf(simplified, { iterations: 3 }).elementwise.flops, 12);
  });

  it("refuses other shapes, and a gradient", () => {
    const goOn = (): Tensor => constant(1);
    const vector = input("v", [2]);
    const next = ({ v }: { v: Tensor }): { v: Tensor } => ({ v });
    const grows = (): { v: Tensor } => ({ v: constant(0, [3]) });
    assert.throws(() => loop({ v: vector }, { next: grows, goOn, steps: 1 }), ShapeError);
    assert.throws(() => loop({ v: vector }, { next, goOn: ({ v }) => v, steps: 1 }), ShapeError);
    assert.throws(() => loop({ v: vector }, { next, goOn, steps: vector }), ShapeError);
    const { v } = loop({ v: vector }, { next, goOn, steps: 1 });
    assert.throws(() => gradients(sumAll(v), [vector]), UsageError);
  });
});

describe("withGradient", () => {
  const v = input("v", [2]);

  it("replaces the gradient of a value, and vanishes when simplified", () => {
    const y = withGradient(tanh(v), [v], (g) => [mul(g, 3)]);
    const slope = vjp(y, v, constant(1, [2]));
    const { y: value, slope: three } = evaluate({ y, slope }, { v: { data: [0.5, -2] } });
    assert.deepEqual([...value.data], [Math.tanh(0.5), Math.tanh(-2)]);
    assert.deepEqual([...three.data], [3, 3]);
    assert.doesNotMatch(print(simplify({ y })), /withGradient/);
  });

  it("traces the gradient once for all its sources, and only if one is wanted", () => {
    let traced = 0;
    const y = withGradient(v, [x, v], (g) => {
      traced++;
      return [sumAll(g), g];
    });
    gradients(sumAll(y), [input("z", [])]);
    assert.equal(traced, 0);
    gradients(sumAll(y), [x, v]);
    assert.equal(traced, 1);
  });

  it("refuses a gradient of another shape", () => {
    const y = withGradient(v, [v], sumAllOnly);
    assert.throws(() => gradients(sumAll(y), [v]), ShapeError);
  });
});

const sumAllOnly = (g: Tensor): Tensor[] => [sumAll(g)];
