import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import { ShapeError, UsageError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { glow, nice, realNvp, type Model } from "../../src/models/index.js";
import { Context } from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { assertClose, normals, sumOf } from "../support/values.js";

const initial = ({ scope }: Model) => scope.initialArrays(Random.fromSeed(4));
const names = ({ scope }: Model): string[] => scope.variables.map(({ name }) => name);

describe("Nice", () => {
  it("keeps volume but for its scale", () => {
    const model = nice({ shape: [6], couplings: 3, hidden: [5, 5] });
    const x = normals("x", [2, 6]);
    const logScale = normals("scale", [6]);
    const { logDet } = model.bijection.forward(
      input("x", x.shape),
      new Context({ phase: "infer" }),
    );
    const feeds = { ...initial(model), "scale.logScale": logScale, x };
    const total = sumOf(logScale.data);
    assertClose(evaluate({ logDet }, feeds).logDet.data, [total, total], 1e-14, "logDet");
  });

  it("has the paper's networks", () => {
    const model = nice({ shape: [1, 28, 28], hidden: [1000, 1000, 1000, 1000, 1000] });
    const shapes = model.scope.variables
      .filter(({ name }) => /^couplings\.3\.network\..*weight$/.test(name))
      .map(({ tensor }) => tensor.shape);
    assert.deepEqual(shapes, [
      [1000, 392],
      ...Array.from({ length: 4 }, () => [1000, 1000]),
      [392, 1000],
    ]);
    assert.ok(!names(model).some((name) => name.startsWith("couplings.4")));
  });
});

describe("RealNvp", () => {
  it("doubles its networks' width at each scale, and ends on chessboards", () => {
    const model = realNvp({ shape: [1, 8, 8], couplings: [3, 4], widths: [6], blocks: 1 });
    const firsts = model.scope.variables
      .filter(({ name }) => name.endsWith("first.direction"))
      .map(({ name, tensor }) => `${name.split(".").slice(0, 4).join(" ")}: ${tensor.shape}`);
    assert.deepEqual(firsts, [
      ...[0, 1, 2].map((i) => `scales 0 chessboard ${i}: 6,1,3,3`),
      ...[0, 1, 2].map((i) => `scales 0 channels ${i}: 6,2,3,3`),
      ...[0, 1, 2, 3].map((i) => `scales 1 chessboard ${i}: 12,2,3,3`),
    ]);
  });
});

describe("Glow", () => {
  it("starts as rotations and shrinking by σ(2) alone", () => {
    const model = glow({ shape: [6], steps: [3], widths: [5] });
    const x = normals("x", [2, 6]);
    const { logDet } = model.bijection.forward(
      input("x", x.shape),
      new Context({ phase: "infer" }),
    );
    const expected = 3 * 3 * Math.log(1 / (1 + Math.exp(-2)));
    const { data } = evaluate({ logDet }, { ...initial(model), x }).logDet;
    assertClose(data, [expected, expected], 1e-6, "logDet"); // log-scales are kept in float32
  });

  it("has a rotation of its own in each step, a function of the seed", () => {
    const model = glow({ shape: [4], steps: [2], widths: [5] });
    const at = (seed: number, step: number) =>
      model.scope.initialArrays(Random.fromSeed(seed))[`scales.0.steps.${step}.conv.lower`]!.data;
    assert.deepEqual(at(1, 0), at(1, 0));
    assert.notDeepEqual(at(1, 0), at(1, 1));
    assert.notDeepEqual(at(1, 0), at(2, 0));
  });
});

describe("flows of couplings", () => {
  it("say what they can't be made of", () => {
    const image = [1, 4, 4];
    for (const make of [
      () => realNvp({ shape: image, couplings: [2], widths: [4, 4] }),
      () => realNvp({ shape: image, couplings: [], widths: [4] }),
      () => glow({ shape: image, steps: [2], widths: [] }),
      () => nice({ shape: [2], hidden: [0] }),
      () => nice({ shape: [2], hidden: [4], condition: -1 }),
    ]) {
      assert.throws(make, UsageError);
    }
    for (const make of [
      () => nice({ shape: [1], hidden: [4] }),
      () => realNvp({ shape: [1], couplings: [2], widths: [4] }),
      () => realNvp({ shape: [1, 5, 5], couplings: [2, 2], widths: [4] }),
      () => glow({ shape: [1, 4, 4], steps: [1, 1, 1], widths: [4] }),
    ]) {
      assert.throws(make, ShapeError);
    }
  });
});
