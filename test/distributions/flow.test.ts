import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ActNorm, Chain, exact, Rescale } from "../../src/bijections/index.js";
import { DiagonalGaussian, Flow, type Base } from "../../src/distributions/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { axisSize, constant, input } from "../../src/graph/index.js";
import { bitsPerDim } from "../../src/models/index.js";
import { Context, Scope } from "../../src/nn/index.js";
import { noiseFeeds, settledFeeds } from "../support/modules.js";
import { assertClose, largestDifference, sumOf, uniforms, type Feeds } from "../support/values.js";
import { denseBlock } from "../bijections/registry.js";

const context = (): Context =>
  new Context({ phase: "infer", logDet: exact, inverse: () => ({ steps: 300, tolerance: 1e-13 }) });

function planar(activation: string): { flow: Flow; feeds: Feeds } {
  const scope = new Scope();
  const parts = [0, 1, 2].flatMap((i) => [
    new ActNorm(scope.child(`actNorm${i}`), [2]),
    denseBlock(scope.child(`block${i}`), 2, [6], { activation }),
  ]);
  const flow = new Flow(new DiagonalGaussian(scope.child("base"), 2), new Chain(parts));
  return { flow, feeds: settledFeeds(scope) };
}

describe("Flow", () => {
  for (const activation of ["elu", "lipswish"] as const) {
    it(`is a density: an i-ResNet in the plane, ${activation}, integrates to 1`, () => {
      const { flow, feeds } = planar(activation);
      const [count, reach] = [60, 10];
      const side = (i: number): number => -reach + ((i + 0.5) * 2 * reach) / count;
      const data = Array.from({ length: count * count }, (_, i) => [
        side(i % count),
        side(Math.floor(i / count)),
      ]).flat();
      const { logProb } = flow.score(input("x", [count * count, 2]), context());
      const densities = evaluate({ logProb }, { ...feeds, x: { data } }).logProb.data.map(Math.exp);
      const total = sumOf(densities) * ((2 * reach) / count) ** 2;
      assert.ok(Math.abs(total - 1) < 0.01, `${total}`);
    });
  }

  it("maps its samples back to the base's draws", () => {
    const { flow, feeds } = planar("elu");
    const ctx = context();
    const { x, checks } = flow.sample(5, 1, ctx);
    const z = flow.base.sample(5, 1, ctx);
    const back = flow.bijection.forward(x, ctx).value;
    const noise = noiseFeeds(ctx, [x]);
    const [[, first]] = Object.entries(noise) as [[string, Feeds[string]]];
    const results = evaluate({ x, z, back }, { ...feeds, ...noise, "noise.1": first });
    assert.deepEqual(x.shape, [5, 2]);
    assert.equal(checks.length, 3, "one of each block");
    assert.ok(largestDifference(results.back.data, results.z.data) < 1e-11);
    assert.ok(largestDifference(results.x.data, results.z.data) > 0.1, "the flow does something");
  });
});

/** Uniform on the unit cube. */
const unitCube: Base = {
  logProb: (z) => constant(0, [axisSize(z, 0)]),
  sample: (count, _temperature, ctx) => ctx.noise("uniform", [count, 6]),
};

describe("bits per dimension", () => {
  it("are 8 for pixels that are uniform on 256 levels", () => {
    const shape = [1, 2, 3];
    const flow = new Flow(unitCube, new Rescale(shape, { offset: 0, scale: 1 / 256 }));
    const x = uniforms("pixels", [2, ...shape], 0, 256);
    const { logProb } = flow.score(input("x", x.shape), context());
    const bits = evaluate({ logProb }, { x }).logProb.data.map((l) => bitsPerDim(l, 6));
    assertClose(bits, [8, 8], 1e-15, "bits/dim");
  });
});
