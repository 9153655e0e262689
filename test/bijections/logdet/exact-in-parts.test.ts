import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradients } from "../../../src/autodiff/vjp.js";
import { exact, largestExactDimension, type ResidualBlock } from "../../../src/bijections/index.js";
import { exactInParts } from "../../../src/bijections/logdet/exact-in-parts.js";
import { compile } from "../../../src/engine/compile.js";
import { nodeEngine } from "../../../src/engine/node.js";
import { evaluate } from "../../../src/engine/reference.js";
import { UsageError } from "../../../src/errors.js";
import { input, stopGradient, sumAll, type Tensor } from "../../../src/graph/index.js";
import { Context, Scope, type LogDetEstimator } from "../../../src/nn/index.js";
import { ndarray, type NDArray } from "../../../src/tree.js";
import { jacobian } from "../../support/derivatives.js";
import { logAbsDet } from "../../support/matrices.js";
import { settledFeeds } from "../../support/modules.js";
import { assertClose, events, normals } from "../../support/values.js";
import { convBlock, denseBlock } from "../registry.js";

const inParts: LogDetEstimator = (g, x) => exactInParts(g, x);
const context = (logDet: LogDetEstimator): Context => new Context({ phase: "infer", logDet });

type MakeBlock = (scope: Scope) => ResidualBlock;
const dense =
  (d: number): MakeBlock =>
  (scope) =>
    denseBlock(scope.child("block"), d, [d + 3]);
const convolution =
  (shape: readonly [number, number, number]): MakeBlock =>
  (scope) =>
    convBlock(scope.child("block"), shape, 2);

/** Compares each event's log-determinant with that of the LU of its Jacobian. */
function compare(make: MakeBlock, logDet: LogDetEstimator, batch: number): void {
  const scope = new Scope();
  const block = make(scope);
  const feeds = settledFeeds(scope, { iterations: 100 });
  const x = normals("x", [batch, ...block.inShape], 2);
  const results = evaluate(
    { logDet: block.forward(input("x", x.shape), context(logDet)).logDet },
    { ...feeds, x },
  );
  const expected = Array.from({ length: batch }, (_, i) =>
    logAbsDet(jacobian((t) => block.forward(t, context(logDet)).value, events(x, i, i + 1), feeds)),
  );
  assert.ok(expected.every((value) => Math.abs(value) > 1e-3));
  assertClose(results.logDet.data, expected, 1e-10, `${block.inShape}`);
}

describe("exact log-determinant in parts", () => {
  for (const d of [1, 3, 16, 17, 33, 70]) {
    it(`is that of the Jacobian's LU in ${d} dimensions`, () => {
      compare(dense(d), inParts, 3);
    });
  }

  it("is that of the Jacobian's LU for images", () => {
    compare(convolution([1, 5, 7]), inParts, 2);
    compare(convolution([3, 5, 5]), inParts, 1);
  });

  it("is what `exact` takes above 128 elements, of vectors and images", () => {
    assert.equal(largestExactDimension, 128);
    compare(dense(150), exact, 1);
    compare(convolution([1, 12, 12]), exact, 1);
  });

  it("is within float32's rounding of the reference on an engine", async () => {
    const scope = new Scope();
    const block = convolution([1, 12, 12])(scope);
    const feeds = settledFeeds(scope, { iterations: 100 });
    const x = ndarray(normals("x", [3, 1, 12, 12], 2).data, [3, 1, 12, 12]);
    const trace = (x: Tensor): Record<"logDet", Tensor> => ({
      logDet: block.forward(x, context(exact)).logDet,
    });
    const right = evaluate(trace(input("x", x.shape)), { ...feeds, x }).logDet.data;
    await using engine = await nodeEngine({ threads: 1 });
    const arrays = Object.entries(feeds).map(([name, { data, shape }]): [string, NDArray] => [
      name,
      ndarray(data, shape),
    ]);
    const store = await engine.createStore(Object.fromEntries(arrays));
    const compiled = compile(engine, (args) => ({ outputs: trace(args.x!) }));
    const { logDet } = await compiled.call({ x }, { store });
    assertClose(logDet!.data, right, 1e-5, "log-determinant");
  });

  it("gives an event with NaN a NaN, and the others theirs", () => {
    const scope = new Scope();
    const block = dense(5)(scope);
    const feeds = settledFeeds(scope);
    const x = normals("x", [3, 5]);
    const logDet = (data: ArrayLike<number>): ArrayLike<number> =>
      evaluate(
        { logDet: block.forward(input("x", [3, 5]), context(inParts)).logDet },
        { ...feeds, x: { data } },
      ).logDet.data;
    const right = logDet(x.data);
    const spoiled = Float64Array.from(x.data);
    spoiled[7] = NaN;
    const [first, second, third] = Array.from(logDet(spoiled));
    assert.deepEqual([first, third], [right[0], right[2]]);
    assert.ok(Number.isNaN(second));
  });

  it("refuses a gradient in words, in x and in parameters", () => {
    const scope = new Scope();
    const block = dense(129)(scope);
    const x = input("x", [2, 129]);
    const { logDet } = block.forward(x, context(exact));
    const [weight] = scope.variables.filter(({ kind }) => kind === "parameter");
    for (const wrt of [x, weight!.tensor]) {
      assert.throws(
        () => gradients(sumAll(logDet), [wrt]),
        (error) => error instanceof UsageError && error.message.includes("above 128 elements"),
      );
      assert.doesNotThrow(() => gradients(sumAll(stopGradient(logDet)), [wrt]));
    }
  });
});
