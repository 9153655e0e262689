import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import {
  abs,
  add,
  broadcast,
  concat,
  constant,
  conv2d,
  div,
  elu,
  exp,
  fixedPoint,
  input,
  literal,
  matmul,
  max,
  maximum,
  mul,
  neg,
  pad,
  print,
  reshape,
  simplify,
  slice,
  stopGradient,
  sub,
  sum,
  sumAll,
  tanh,
  topologicalOrder,
  transpose,
  type Tensor,
} from "../../src/graph/index.js";
import { Random } from "../../src/random.js";
import { assertClose, drawInputs } from "./numbers.js";

const x = input("x", [2, 3]);
const y = input("y", [2, 3]);
const row = input("row", [3]);

/** The simplified tensor, in print. */
const shown = (result: Tensor): string => print(simplify({ result }));

describe("simplify", () => {
  const rewrites: Readonly<Record<string, readonly [Tensor, Tensor]>> = {
    "x + 0": [add(x, 0), x],
    "0 + x": [add(0, x), x],
    "x − 0": [sub(x, 0), x],
    "0 − x": [sub(0, x), neg(x)],
    "x · 1": [mul(x, 1), x],
    "x · 0": [mul(x, 0), constant(0, [2, 3])],
    "x · (−1)": [mul(x, -1), neg(x)],
    "x / 4": [div(x, 4), mul(x, 0.25)],
    "2 · x · 3": [mul(mul(2, x), 3), mul(x, 6)],
    "−(2 · x)": [neg(mul(x, 2)), mul(x, -2)],
    "−(−x)": [neg(neg(x)), x],
    "x + (−y)": [add(x, neg(y)), sub(x, y)],
    "(−x) + y": [add(neg(x), y), sub(y, x)],
    "x − (−y)": [sub(x, neg(y)), add(x, y)],
    "−(x − y)": [neg(sub(x, y)), sub(y, x)],
    "constants of constants": [exp(mul(constant(0, [2]), 3)), constant(1, [2])],
    "a sum of ones": [sumAll(constant(1, [2, 3])), constant(6)],
    "a product with a broadcast": [mul(x, broadcast(row, [2, 3])), mul(x, row)],
    "a product with a full constant": [mul(x, constant(2, [2, 3])), mul(x, 2)],
    "a factor before a broadcast": [mul(broadcast(row, [2, 3]), 2), broadcast(mul(row, 2), [2, 3])],
    "a sum over what was repeated": [
      sum(broadcast(row, [2, 3]), [0]),
      mul(reshape(row, [1, 3]), 2),
    ],
    "a sum over axes of size 1": [sum(input("z", [1, 3]), [0]), input("z", [1, 3])],
    "reshapes in a row": [reshape(reshape(x, [6]), [3, 2]), reshape(x, [3, 2])],
    "a reshape back": [reshape(reshape(x, [6]), [2, 3]), x],
    "a transpose back": [transpose(transpose(x, [1, 0]), [1, 0]), x],
    "a product of a transpose": [
      matmul(transpose(x, [1, 0]), y),
      matmul(x, y, { transposeA: true }),
    ],
    "a product of a transpose, transposed": [
      matmul(x, transpose(y, [1, 0]), { transposeB: true, transposeA: true }),
      matmul(x, y, { transposeA: true }),
    ],
    "a whole slice": [slice(x, 1, 0, 3), x],
    "no padding": [pad(x, 1, 0, 0), x],
    "one part": [concat([x], 0), x],
    "a stop of the gradient": [stopGradient(x), x],
  };
  for (const [name, [before, after]] of Object.entries(rewrites)) {
    it(`rewrites ${name}`, () => {
      assert.equal(shown(before), print({ result: after }));
    });
  }

  it("keeps a broadcast that gives the result its shape", () => {
    const result = add(row, broadcast(row, [2, 3]));
    assert.deepEqual(simplify({ result }).result.shape, [2, 3]);
  });

  it("shares equal subexpressions, whatever the order of commuting operands", () => {
    const { result } = simplify({ result: mul(add(exp(x), y), add(y, exp(x))) });
    assert.equal(result.inputs[0], result.inputs[1]);
    assert.equal(topologicalOrder([result]).length, 5);
  });

  it("shares between outputs, and drops what none of them needs", () => {
    const { a, b } = simplify({ a: tanh(x), b: neg(tanh(x)) });
    assert.equal(b.inputs[0], a);
    assert.ok(!topologicalOrder([simplify({ z: mul(exp(y), 0) }).z]).some((n) => n.op === "exp"));
  });

  it("tells constants and literals of different values apart", () => {
    const far = maximum(x, constant(-Infinity, [1, 1, 1]));
    const near = maximum(x, constant(Infinity, [1, 1, 1]));
    const { result } = simplify({ result: add(far, near) });
    assert.notEqual(result.inputs[0], result.inputs[1]);
    const values = evaluate(
      simplify({ z: sub(literal([1, 2], [2]), mul(literal([3, 5], [2]), input("one", []))) }),
      { one: { data: [1] } },
    );
    assert.deepEqual([...values.z.data], [-2, -3]);
  });

  it("simplifies the body of a fixed point and keeps its value", () => {
    const { value: result } = fixedPoint(
      x,
      (z) => mul(sub(add(mul(z, 1), row), neg(tanh(z))), mul(0.5, constant(0.5))),
      { steps: 50, tolerance: 1e-9 },
    );
    const { result: small } = simplify({ result });
    const size = (value: Tensor): number => {
      const [loop] = topologicalOrder([value]).filter((node) => node.op === "fixedPoint");
      return topologicalOrder(loop!.attributes.results).length;
    };
    assert.ok(size(small) < size(result));
    const feeds = drawInputs([result]);
    const values = evaluate({ small, result }, feeds);
    assertClose(values.small.data, values.result.data, 1e-12, "fixed point");
  });

  it("keeps the values and shapes of random graphs", () => {
    for (let seed = 0; seed < 200; seed++) {
      const outputs = randomGraph(Random.fromSeed(seed));
      const simplified = simplify(outputs);
      const feeds = drawInputs(Object.values(outputs), { seed });
      const [expected, actual] = [evaluate(outputs, feeds), evaluate(simplified, feeds)];
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(actual[name]?.shape, value.shape);
        assertClose(actual[name].data, value.data, 1e-12, `seed ${seed}, ${name}`);
      }
      const count = (graph: Record<string, Tensor>): number =>
        topologicalOrder(Object.values(graph)).length;
      assert.ok(count(simplified) <= count(outputs), `seed ${seed}: more nodes than before`);
    }
  });
});

/** Some 30 operations on one another, and the last three as outputs. */
function randomGraph(random: Random): Record<string, Tensor> {
  const made: Tensor[] = [
    input("matrix", [2, 3]),
    input("row", [3]),
    input("column", [2, 1]),
    input("scalar", []),
    constant(0, [2, 3]),
    constant(2),
    constant(1, [3]),
  ];
  for (let i = 0; made.length < 40; i++) {
    const [kind, first, second] = random.split(i).uniform(3);
    const pick = (u: number): Tensor => made[Math.floor(u * made.length)]!;
    const [a, b] = [pick(first!), pick(second!)];
    const last = a.shape.length - 1;
    const options: readonly ((() => Tensor) | false)[] = [
      () => add(a, b),
      () => sub(a, b),
      () => mul(tanh(a), b),
      () => mul(a, [0, 1, -1, 3][i % 4]!),
      () => div(a, 2),
      () => maximum(a, b),
      () => neg(a),
      () => elu(a, ([0, 1] as const)[i % 2]),
      () => tanh(a),
      () => abs(a),
      () => stopGradient(a),
      () => sum(a, a.shape.map((_, axis) => axis).slice(0, 1)),
      () => max(a, a.shape.map((_, axis) => axis).slice(1)),
      () => reshape(a, [...a.shape].reverse()),
      () => transpose(a, a.shape.map((_, axis) => axis).reverse()),
      () => broadcast(a, [...(a.shape.length < 2 ? [2] : []), ...a.shape]),
      last >= 0 && (() => pad(a, last, i % 2, 0)),
      last >= 0 && (() => slice(a, last, 0, Math.min(a.shape[last]!, 3))),
      last >= 0 && (() => concat([a, a].slice(0, 1 + (i % 2)), last)),
      a.shape.length === 2 && (() => matmul(a, a, { transposeB: true })),
      a.shape.length === 2 && (() => matmul(transpose(a, [1, 0]), a)),
    ];
    const make = options[Math.floor(kind! * options.length)];
    if (!make) continue;
    try {
      const node = make();
      if (node.shape.every((n) => n <= 6)) made.push(tanh(node), node);
    } catch {
      continue; // shapes that don't fit
    }
  }
  const image = reshape(made[2]!, [1, 1, 2, 1]);
  return {
    a: made.at(-1)!,
    b: made.at(-2)!,
    c: made.at(-4)!,
    d: conv2d(image, literal([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3])),
  };
}
