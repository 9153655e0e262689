import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradients, vjp } from "../../src/autodiff/vjp.js";
import { evaluate } from "../../src/engine/reference.js";
import {
  abs,
  add,
  addAll,
  binary,
  broadcast,
  concat,
  constant,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  div,
  dot,
  elu,
  exp,
  fixedPoint,
  input,
  literal,
  loop,
  matmul,
  max,
  mul,
  pad,
  reshape,
  select,
  simplify,
  slice,
  sub,
  sum,
  topologicalOrder,
  transpose,
  unary,
  withGradient,
  allMean,
  type BinaryOp,
  type OpName,
  type Tensor,
  type UnaryOp,
} from "../../src/graph/index.js";
import type { Arrays, Shape } from "../../src/tree.js";
import { assertClose, drawInputs } from "../graph/numbers.js";
import { testEngine } from "../support/engine.js";

interface Case {
  readonly inputs: readonly Shape[];
  readonly build: (...inputs: Tensor[]) => Tensor;
  readonly shape: Shape;
  /** Draw the inputs from [0.5, 2) rather than from the normal distribution. */
  readonly positive?: boolean;
  /** It has no gradient, or one that differences can't see. */
  readonly fixed?: boolean;
}

const shapes: readonly Shape[] = [[], [1], [3, 5], [1, 2, 3, 3]];

const unaryCases = (op: UnaryOp, options: Partial<Case> = {}): Case[] =>
  shapes.map((shape) => ({ inputs: [shape], build: (x) => unary(op, x), shape, ...options }));

const binaryCases = (op: BinaryOp, options: Partial<Case> = {}): Case[] =>
  (
    [
      [[], [], []],
      [[3], [3], [3]],
      [[2, 3], [], [2, 3]],
      [[], [2, 3], [2, 3]],
      [[2, 3], [3], [2, 3]],
      [
        [2, 1, 3],
        [4, 1],
        [2, 4, 3],
      ],
      [
        [1, 3, 1, 1],
        [2, 3, 2, 2],
        [2, 3, 2, 2],
      ],
      [[1, 3], [1], [1, 3]],
    ] as const
  ).map(([a, b, shape]) => ({
    inputs: [a, b],
    build: (x, y) => binary(op, x, y),
    shape,
    ...options,
  }));

/** [B, I, O, H, W, k] */
const convolutions = [
  [2, 3, 4, 5, 4, 3],
  [1, 4, 2, 3, 5, 3],
  [3, 2, 2, 4, 4, 1],
  [1, 1, 3, 2, 3, 1],
  [2, 2, 1, 5, 6, 5],
  [1, 2, 2, 1, 1, 3],
] as const;

const one = constant(1);

const cases: Readonly<Record<OpName, readonly Case[]>> = {
  input: [{ inputs: [[2, 3]], build: (x) => x, shape: [2, 3] }],
  constant: [
    { inputs: [], build: () => constant(1.5), shape: [] },
    { inputs: [[3]], build: (x) => mul(x, constant(-2, [2, 3])), shape: [2, 3] },
    { inputs: [], build: () => constant(-Infinity, [2]), shape: [2], fixed: true },
  ],
  literal: [{ inputs: [[2]], build: (x) => mul(x, literal([1, 2, 3, 4], [2, 2])), shape: [2, 2] }],

  neg: unaryCases("neg"),
  exp: unaryCases("exp"),
  log: unaryCases("log", { positive: true }),
  sqrt: unaryCases("sqrt", { positive: true }),
  abs: unaryCases("abs"),
  sign: unaryCases("sign"),
  sin: unaryCases("sin"),
  cos: unaryCases("cos"),
  tanh: unaryCases("tanh"),
  sigmoid: unaryCases("sigmoid"),
  softplus: unaryCases("softplus"),
  stopGradient: unaryCases("stopGradient", { fixed: true }),
  elu: ([0, 1, 2] as const).flatMap((order) =>
    shapes.map((shape) => ({ inputs: [shape], build: (x) => elu(x, order), shape })),
  ),

  add: [
    ...binaryCases("add"),
    {
      inputs: [[2, 3, 4, 4], [2, 3, 3, 3], [2]],
      build: (x, w, b) => add(conv2d(x, w), reshape(b, [1, 2, 1, 1])),
      shape: [2, 2, 4, 4],
    },
  ],
  sub: binaryCases("sub"),
  mul: binaryCases("mul"),
  div: binaryCases("div", { positive: true }),
  maximum: [
    ...binaryCases("maximum"),
    { inputs: [[2, 3]], build: (x) => binary("maximum", x, 0), shape: [2, 3] },
  ],
  minimum: binaryCases("minimum"),
  greater: binaryCases("greater"),
  select: (
    [
      [[3], [3], [3], [3]],
      [[2, 1], [2, 3], [], [2, 3]],
      [[], [2, 3], [3], [2, 3]],
      [
        [2, 1, 1, 1],
        [2, 3, 2, 2],
        [1, 3, 1, 1],
        [2, 3, 2, 2],
      ],
    ] as const
  ).map(([condition, a, b, shape]) => ({
    inputs: [condition, a, b],
    build: (c, x, y) => select(c, x, y),
    shape,
  })),

  reshape: [
    { inputs: [[2, 3]], build: (x) => reshape(x, [3, 1, 2]), shape: [3, 1, 2] },
    { inputs: [[1, 1]], build: (x) => reshape(x, []), shape: [] },
    { inputs: [[]], build: (x) => reshape(x, [1]), shape: [1] },
  ],
  broadcast: [
    { inputs: [[]], build: (x) => broadcast(x, [2, 2]), shape: [2, 2] },
    { inputs: [[3, 1]], build: (x) => broadcast(x, [2, 3, 4]), shape: [2, 3, 4] },
    { inputs: [[1, 2]], build: (x) => broadcast(x, [1, 2]), shape: [1, 2] },
  ],
  transpose: [
    { inputs: [[2, 3]], build: (x) => transpose(x, [1, 0]), shape: [3, 2] },
    { inputs: [[2, 3, 4]], build: (x) => transpose(x, [2, 0, 1]), shape: [4, 2, 3] },
    { inputs: [[]], build: (x) => transpose(x, []), shape: [] },
    // Space to depth and back, in patches of 2x2 and 3x3, and what only looks like it.
    ...[
      [2, 2],
      [3, 3],
      [2, 3],
    ].flatMap(([rows, columns]): Case[] => [
      {
        inputs: [[2, 3, 2, rows!, 4, columns!]],
        build: (x) => transpose(x, [0, 3, 5, 1, 2, 4]),
        shape: [2, rows!, columns!, 3, 2, 4],
      },
      {
        inputs: [[2, rows!, columns!, 3, 2, 4]],
        build: (x) => transpose(x, [0, 3, 4, 1, 5, 2]),
        shape: [2, 3, 2, rows!, 4, columns!],
      },
    ]),
  ],
  slice: [
    { inputs: [[5]], build: (x) => slice(x, 0, 1, 4), shape: [3] },
    { inputs: [[2, 4, 3]], build: (x) => slice(x, 1, 3, 4), shape: [2, 1, 3] },
    { inputs: [[2, 3]], build: (x) => slice(x, 0, 0, 2), shape: [2, 3] },
  ],
  pad: [
    { inputs: [[3]], build: (x) => pad(x, 0, 1, 2), shape: [6] },
    { inputs: [[2, 3, 1]], build: (x) => pad(x, 1, 0, 1), shape: [2, 4, 1] },
    { inputs: [[2, 1]], build: (x) => pad(x, 1, 0, 0), shape: [2, 1] },
  ],
  concat: [
    { inputs: [[3], [2]], build: (x, y) => concat([x, y], 0), shape: [5] },
    {
      inputs: [
        [2, 1, 3],
        [2, 2, 3],
        [2, 1, 3],
      ],
      build: (...x) => concat(x, 1),
      shape: [2, 4, 3],
    },
    { inputs: [[1, 2]], build: (x) => concat([x, x], 0), shape: [2, 2] },
    { inputs: [[1, 2]], build: (x) => concat([x], 0), shape: [1, 2] },
  ],

  sum: [
    { inputs: [[2, 3]], build: (x) => sum(x, [0]), shape: [1, 3] },
    { inputs: [[2, 3, 4]], build: (x) => sum(x, [2, 0]), shape: [1, 3, 1] },
    { inputs: [[2, 3]], build: (x) => sum(x, []), shape: [2, 3] },
    { inputs: [[]], build: (x) => sum(x, []), shape: [] },
    { inputs: [[1, 3]], build: (x) => sum(x, [0]), shape: [1, 3] },
  ],
  max: [
    { inputs: [[2, 3]], build: (x) => max(x, [1]), shape: [2, 1] },
    { inputs: [[2, 3, 4]], build: (x) => max(x, [0, 2]), shape: [1, 3, 1] },
    { inputs: [[4]], build: (x) => max(x, []), shape: [4] },
  ],

  matmul: [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      [
        [2, 3, 4],
        [1, 5, 1],
      ].map(([m, k, n]) => ({
        inputs: [transposeA ? [k!, m!] : [m!, k!], transposeB ? [n!, k!] : [k!, n!]],
        build: (a: Tensor, b: Tensor) => matmul(a, b, { transposeA, transposeB }),
        shape: [m!, n!],
      })),
    ),
  ),
  conv2d: convolutions.map(([b, i, o, h, w, k]) => ({
    inputs: [
      [b, i, h, w],
      [o, i, k, k],
    ],
    build: (x, weight) => conv2d(x, weight),
    shape: [b, o, h, w],
  })),
  conv2dInputGrad: convolutions.map(([b, i, o, h, w, k]) => ({
    inputs: [
      [b, o, h, w],
      [o, i, k, k],
    ],
    build: (g, weight) => conv2dInputGrad(g, weight),
    shape: [b, i, h, w],
  })),
  conv2dWeightGrad: convolutions.map(([b, i, o, h, w, k]) => ({
    inputs: [
      [b, i, h, w],
      [b, o, h, w],
    ],
    build: (x, g) => conv2dWeightGrad(x, g, k),
    shape: [o, i, k, k],
  })),

  fixedPoint: [
    {
      inputs: [[2, 3], [3]],
      build: (start, shift) =>
        fixedPoint(start, (x) => mul(add(elu(x), shift), 0.3), { steps: 60, tolerance: 1e-6 })
          .value,
      shape: [2, 3],
      fixed: true,
    },
    {
      inputs: [
        [2, 3, 1, 2],
        [3, 1, 1],
      ],
      build: (start, shift) =>
        fixedPoint(start, (x) => sub(shift, mul(abs(x), 0.8)), { steps: 7, tolerance: 0 }).step,
      shape: [2, 3, 1, 2],
      fixed: true,
    },
    {
      inputs: [[1], [], []],
      build: (start, factor, bound) =>
        fixedPoint(start, (x) => mul(div(factor, add(1, abs(factor))), x), {
          steps: mul(bound, 3),
          tolerance: 0,
        }).value,
      shape: [1],
      positive: true,
      fixed: true,
    },
    {
      // A loop in a loop; the inner one captures what depends on the outer iterate.
      inputs: [[1, 2, 3, 3], [2, 2, 3, 3], [2]],
      build: (y, w, b) => {
        const g = (x: Tensor): Tensor =>
          mul(add(conv2dInputGrad(elu(x), w), reshape(b, [1, 2, 1, 1])), 0.02);
        const options = { steps: 40, tolerance: 1e-7 };
        return fixedPoint(
          y,
          (x) => add(y, g(fixedPoint(x, (z) => add(mul(x, 0.5), g(z)), options).value)),
          options,
        ).value;
      },
      shape: [1, 2, 3, 3],
      fixed: true,
    },
  ],

  withGradient: [
    {
      inputs: [[2, 3], []],
      build: (x, y) => {
        const value = mul(exp(x), y);
        return withGradient(value, [x, y], (g) => [
          mul(g, mul(exp(x), y)),
          reshape(sum(mul(g, exp(x)), [0, 1]), []),
        ]);
      },
      shape: [2, 3],
    },
    {
      // A loop's value with a gradient: x⁸ by squaring three times.
      inputs: [[3]],
      build: (x) => {
        const squares = { next: ({ y }: { y: Tensor }) => ({ y: mul(y, y) }), goOn: () => one };
        const { y } = loop({ y: x }, { ...squares, steps: 3 });
        const power = mul(x, mul(mul(x, x), mul(mul(x, x), mul(x, x))));
        return withGradient(y, [x], (g) => [mul(mul(g, 8), power)]);
      },
      shape: [3],
      positive: true,
    },
  ],
  // Who is alone is the mean.
  allMean: [{ inputs: [[2, 3]], build: (x) => allMean(exp(x)), shape: [2, 3] }],
  loop: [
    {
      // Until the sum of squares passes a bound: more turns for some draws than for others.
      inputs: [[2, 3], [3], []],
      build: (start, step, bound) =>
        loop(
          { x: start, turns: constant(0) },
          {
            next: ({ x, turns }) => ({ x: add(x, step), turns: add(turns, 1) }),
            goOn: ({ x }) => sub(mul(bound, 20), dot(x, x)),
            steps: 40,
          },
        ).x,
      shape: [2, 3],
      positive: true,
      fixed: true,
    },
    {
      // States of several shapes; one passes unchanged, one becomes what the body captures.
      inputs: [[1, 2], [2, 1, 2], []],
      build: (a, b, c) => {
        const last = loop(
          { a, b, c, d: constant(1) },
          {
            next: (state) => ({
              a: mul(state.a, 0.5),
              b: add(state.b, reshape(state.a, [1, 1, 2])),
              c: state.c,
              d: c,
            }),
            goOn: () => one,
            steps: mul(c, 2),
          },
        );
        return add(add(last.b, last.a), add(last.c, last.d));
      },
      shape: [2, 1, 2],
      positive: true,
      fixed: true,
    },
    {
      // No turn at all.
      inputs: [[3]],
      build: (x) =>
        loop({ x }, { next: () => ({ x: constant(7, [3]) }), goOn: () => constant(0), steps: 9 }).x,
      shape: [3],
      fixed: true,
    },
    {
      // A loop in a loop, the inner one with a convolution and what the outer one carries.
      inputs: [
        [1, 2, 3, 3],
        [2, 2, 3, 3],
      ],
      build: (x, w) =>
        loop(
          { x, n: constant(0) },
          {
            next: ({ x: outer, n }) => ({
              x: loop(
                { y: outer },
                {
                  next: ({ y }) => ({ y: mul(elu(add(conv2d(y, w), outer)), 0.3) }),
                  goOn: () => one,
                  steps: add(n, 1),
                },
              ).y,
              n: add(n, 1),
            }),
            goOn: ({ n }) => sub(2.5, n),
            steps: 100,
          },
        ).x,
      shape: [1, 2, 3, 3],
      fixed: true,
    },
  ],
};

/** Checks the gradient of a scalar against central differences in every element of every input. */
function checkGradient(scalar: Tensor, wrt: readonly Tensor[], feeds: Arrays): void {
  const outputs = Object.fromEntries(gradients(scalar, wrt).map((g, i) => [String(i), g]));
  const step = 1e-5;
  wrt.forEach((x, i) => {
    if (x.op !== "input") throw new Error("checkGradient: expected inputs");
    const { name } = x.attributes;
    const data = Float64Array.from(feeds[name]!.data);
    const at = (j: number, by: number): number => {
      const moved = data.slice();
      moved[j]! += by;
      return evaluate({ scalar }, { ...feeds, [name]: { data: moved } }).scalar.data[0]!;
    };
    const differences = data.map((_, j) => (at(j, step) - at(j, -step)) / (2 * step));
    assertClose(
      evaluate(outputs, feeds)[String(i)]!.data,
      differences,
      1e-6,
      `gradient in ${name}`,
    );
  });
}

describe("operations", async () => {
  const engine = await testEngine();

  for (const [op, list] of Object.entries(cases)) {
    describe(op, () => {
      const built = list.map((item, i) => {
        const inputs = item.inputs.map((shape, j) => input(`${i}.x${j}`, shape));
        const y = item.build(...inputs);
        const v = input(`${i}.v`, y.shape);
        const slopes = item.fixed ? [] : inputs.map((x) => vjp(y, x, v));
        const { positive = false } = item;
        return {
          ...item,
          inputs,
          y,
          v,
          slopes,
          feeds: drawInputs([y, v, ...inputs], { positive }),
        };
      });

      it("has cases that use it, of the right shape", () => {
        assert.ok(built.length > 0);
        for (const { y, shape, feeds } of built) {
          assert.ok(topologicalOrder([y]).some((node) => node.op === op));
          assert.deepEqual(y.shape, shape);
          assert.deepEqual(evaluate({ y }, feeds).y.shape, shape);
        }
      });

      it("has the gradient and second derivative that differences give", () => {
        for (const { y, v, inputs, slopes, feeds, fixed } of built) {
          if (fixed || inputs.length === 0) continue;
          checkGradient(dot(y, v), [...inputs, v], feeds);
          const u = inputs.map((x, j) => input(`u${j}`, x.shape));
          const slope = addAll(
            slopes.map((dx, j) => dot(dx, u[j]!)),
            [],
          );
          checkGradient(slope, [...inputs, v], { ...feeds, ...drawInputs(u) });
        }
      });

      it("gives in ONNX Runtime what the reference gives, simplified or not", async () => {
        const outputs: Record<string, Tensor> = Object.fromEntries(
          built.flatMap(({ inputs, y, slopes }, i) => {
            const name = `case ${i} [${inputs.map((x) => `[${x.shape}]`)}]`;
            return [y, ...slopes].map((x, j) => [`${name}, ${j ? `slope ${j}` : "value"}`, x]);
          }),
        );
        const feeds = Object.assign({}, ...built.map((item) => item.feeds)) as Arrays;
        const expected = evaluate(outputs, feeds);
        for (const graph of [outputs, simplify(outputs)]) {
          const session = await engine.load({ outputs: graph, updates: {}, guard: [] });
          const actual = await session.run(feeds);
          for (const [name, { data, shape }] of Object.entries(expected)) {
            assert.deepEqual(actual[name]?.shape, shape, name);
            assertClose(actual[name].data, data, 1e-6, name);
          }
        }
      });
    });
  }
});
