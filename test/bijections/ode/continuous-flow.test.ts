import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Matrix } from "ml-matrix";
import {
  ContinuousFlow,
  evaluationsSuffix,
  exact,
  powerSeries,
} from "../../../src/bijections/index.js";
import { nodeEngine } from "../../../src/engine/node.js";
import { evaluate } from "../../../src/engine/reference.js";
import { ShapeError, UsageError } from "../../../src/errors.js";
import { gradients } from "../../../src/autodiff/vjp.js";
import {
  add,
  dot,
  input,
  matmul,
  mul,
  simplify,
  square,
  sumAll,
  type Tensor,
} from "../../../src/graph/index.js";
import { Context, odeNet, Scope, type Dynamics } from "../../../src/nn/index.js";
import type { Shape } from "../../../src/tree.js";
import { gradientsAt, scalarAt } from "../../support/derivatives.js";
import { noiseFeeds, parametersOf, settledFeeds } from "../../support/modules.js";
import {
  allSigns,
  assertClose,
  meanOf,
  normals,
  sumOf,
  type Feeds,
  type Values,
} from "../../support/values.js";

const solver = { tolerance: 1e-9, steps: 1000 };
const exactly = (condition?: Tensor): Context =>
  new Context({ phase: "infer", logDet: exact, condition });
const byProbes = (condition?: Tensor): Context =>
  new Context({ phase: "train", logDet: powerSeries({ terms: 1 }), condition });

/** dz/dt = zAᵀ. */
const linear = (A: Tensor): Dynamics => ({
  parameters: [A],
  condition: 0,
  velocity: (z) => matmul(z, A, { transposeB: true }),
});

function matrixExponential(A: Matrix): Matrix {
  let term = Matrix.eye(A.rows);
  let sum = term.clone();
  for (let k = 1; k < 40; k++) {
    term = term.mmul(A).div(k);
    sum = Matrix.add(sum, term);
  }
  return sum;
}

interface Case {
  readonly shape: Shape;
  readonly condition: number;
  readonly context: typeof exactly;
}

const cases: Readonly<Record<string, Case>> = {
  "a vector, exact": { shape: [3], condition: 0, context: exactly },
  "a vector, Hutchinson": { shape: [3], condition: 0, context: byProbes },
  "a conditioned vector, exact": { shape: [2], condition: 2, context: exactly },
  "an image, exact": { shape: [1, 2, 2], condition: 0, context: exactly },
  "a conditioned image, Hutchinson": { shape: [2, 2, 2], condition: 3, context: byProbes },
};

function build({ shape, condition, context }: Case): {
  ctx: Context;
  flow: ContinuousFlow;
  loss: Tensor;
  inputs: Record<string, Tensor>;
  feeds: Feeds;
} {
  const scope = new Scope();
  const dynamics = odeNet(scope, shape, { widths: [4], activation: "tanh", condition });
  const flow = new ContinuousFlow("flow", shape, dynamics, solver);
  const x = input("x", [2, ...shape]);
  const c = condition > 0 ? input("c", [2, condition]) : undefined;
  const ctx = context(c);
  const { value, logDet } = flow.forward(x, ctx);
  const loss = add(sumAll(square(value)), dot(logDet, input("weights", [2])));
  const feeds = {
    ...settledFeeds(scope, { gain: 1.5 }),
    ...noiseFeeds(ctx, [loss]),
    x: normals("x", x.shape),
    weights: normals("weights", [2]),
    ...(c && { c: normals("c", c.shape) }),
  };
  return { ctx, flow, loss, inputs: { ...parametersOf(scope), x, ...(c && { c }) }, feeds };
}

/** The gradient agrees with central differences of the loss along random directions in all inputs. */
function assertDirections(
  loss: Tensor,
  inputs: Readonly<Record<string, Tensor>>,
  feeds: Feeds,
): void {
  const found = gradientsAt(loss, inputs, feeds);
  for (let i = 0; i < 3; i++) {
    const directions = Object.entries(inputs).map(
      ([name, { shape }]) => [name, normals(`direction ${i} of ${name}`, shape)] as const,
    );
    const at = (step: number): number => {
      const moved = directions.map(([name, { shape, data }]): [string, Values] => {
        const start = feeds[name]!;
        return [name, { shape, data: Array.from(data, (d, j) => start.data[j]! + step * d) }];
      });
      return scalarAt(loss, { ...feeds, ...Object.fromEntries(moved) });
    };
    const difference = (at(1e-4) - at(-1e-4)) / 2e-4;
    const slope = sumOf(
      directions.map(([name, { data }]) => sumOf(found[name]!.map((g, j) => g * data[j]!))),
    );
    assertClose([slope], [difference], 1e-6, `direction ${i}`);
  }
}

describe("ContinuousFlow", () => {
  it("solves a linear equation: y = xe^Aᵀ, and the trace is the log-determinant", () => {
    const A = normals("A", [3, 3]);
    const flow = new ContinuousFlow("flow", [3], linear(input("A", [3, 3])), solver);
    const { value, logDet } = flow.forward(input("x", [4, 3]), exactly());
    const x = normals("x", [4, 3]);
    const found = evaluate({ value, logDet }, { A, x });
    const matrix = Matrix.from1DArray(3, 3, Array.from(A.data));
    const expected = Matrix.from1DArray(4, 3, Array.from(x.data)).mmul(
      matrixExponential(matrix).transpose(),
    );
    assertClose(found.value.data, expected.to1DArray(), 1e-8, "value");
    assertClose(found.logDet.data, Array<number>(4).fill(matrix.trace()), 1e-8, "logDet");
  });

  it("estimates the trace without bias, with one probe for the whole solve", () => {
    const flow = new ContinuousFlow("flow", [3], linear(input("A", [3, 3])), solver);
    const ctx = byProbes();
    const { logDet } = flow.forward(input("x", [8, 3]), ctx);
    assert.deepEqual(ctx.noises, { "noise.0": "rademacher" });
    const A = normals("A", [3, 3]);
    const feeds = { A, x: normals("x", [8, 3]), "noise.0": allSigns(3) };
    const { data } = evaluate({ logDet }, feeds).logDet;
    assert.ok(Math.abs(meanOf(data) - (A.data[0]! + A.data[4]! + A.data[8]!)) < 1e-8);
    assert.ok(Math.max(...data) - Math.min(...data) > 0.1);
  });

  for (const [name, options] of Object.entries(cases)) {
    it(`has the gradient of its differences in x, its parameters and its condition: ${name}`, () => {
      const { loss, inputs, feeds } = build(options);
      assertDirections(loss, inputs, feeds);
    });
  }

  it("has the gradient of its inverse's differences", () => {
    const { flow, inputs, feeds } = build(cases["a vector, exact"]!);
    const { value, logDet } = flow.inverse(inputs.x!, exactly());
    assertDirections(add(sumAll(square(value)), sumAll(logDet)), inputs, feeds);
  });

  it("has a gradient as accurate whatever the loss's unit", () => {
    const { loss, inputs, feeds } = build(cases["a vector, exact"]!);
    const small = gradientsAt(mul(loss, 2 ** -40), inputs, feeds);
    for (const [name, gradient] of Object.entries(gradientsAt(loss, inputs, feeds))) {
      assert.deepEqual(
        small[name]!.map((g) => g * 2 ** 40),
        gradient,
      );
    }
  });

  it("gives in float32 in ONNX Runtime what the reference gives", async () => {
    await using engine = await nodeEngine({ threads: 1 });
    for (const name of ["a conditioned vector, exact", "a conditioned image, Hutchinson"]) {
      const { shape, condition, context } = cases[name]!;
      const { ctx, loss, inputs, feeds } = build({ shape, condition, context });
      assert.ok(ctx.watched[`flow${evaluationsSuffix}`]);
      const found = gradients(loss, Object.values(inputs));
      const outputs = simplify<string>({
        loss,
        ...Object.fromEntries(found.map((g, i) => [`g${i}`, g])),
      });
      const session = await engine.load({ outputs, updates: {}, guard: [] });
      const arrays = Object.fromEntries(
        Object.entries(feeds).map(([key, { shape: s, data }]) => [
          key,
          { shape: s, data: Float32Array.from(data) },
        ]),
      );
      const actual = await session.run(arrays);
      for (const [key, { data }] of Object.entries(evaluate(outputs, arrays))) {
        assertClose(actual[key]!.data, data, 1e-4, `${name}, ${key}`);
      }
    }
  });

  it("counts evaluations, fewer for a larger tolerance", () => {
    const dynamics = linear(input("A", [3, 3]));
    const count = (tolerance: number): number => {
      const ctx = exactly();
      new ContinuousFlow("flow", [3], dynamics, { ...solver, tolerance }).forward(
        input("x", [4, 3]),
        ctx,
      );
      return scalarAt(ctx.watched[`flow${evaluationsSuffix}`]!, {
        A: normals("A", [3, 3]),
        x: normals("x", [4, 3]),
      });
    };
    const [few, many] = [count(1e-3), count(1e-8)];
    assert.ok(few >= 7 && few < 60 && many > 2 * few, `${few} ${many}`);
  });

  it("says when its steps were too few: a check, and no log-determinant", () => {
    const dynamics = linear(input("A", [3, 3]));
    const flow = new ContinuousFlow("flow", [3], dynamics, { tolerance: 1e-10, steps: 2 });
    const { logDet, checks } = flow.inverse(input("y", [2, 3]), exactly());
    const { residual, tolerance, where } = checks[0]!;
    const feeds = { A: normals("A", [3, 3]), y: normals("y", [2, 3]) };
    const found = evaluate({ logDet, residual }, feeds);
    assert.equal(where, "flow");
    assert.ok(found.residual.data.every((left) => left > tolerance));
    assert.ok(found.logDet.data.every(Number.isNaN));
  });

  it("needs an estimator for its log-determinant alone", () => {
    const { flow, feeds } = build(cases["a vector, exact"]!);
    const x = input("x", [2, 3]);
    const bare = flow.forward(x, new Context({ phase: "infer" }));
    const { value } = flow.forward(x, exactly());
    const found = evaluate({ bare: bare.value, value }, feeds);
    assertClose(found.bare.data, found.value.data, 1e-8, "value");
    assert.throws(() => bare.logDet, UsageError);
  });

  it("refuses a missing or misshapen condition", () => {
    const { flow } = build(cases["a conditioned vector, exact"]!);
    const x = input("x", [2, 2]);
    assert.throws(() => flow.forward(x, exactly()), UsageError);
    assert.throws(() => flow.forward(x, exactly(input("c", [2, 3]))), ShapeError);
  });
});
