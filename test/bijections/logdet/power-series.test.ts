import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  exact,
  neumannSeries,
  powerSeries,
  truncationBias,
  type SeriesOptions,
} from "../../../src/bijections/index.js";
import { evaluate } from "../../../src/engine/reference.js";
import { UsageError } from "../../../src/errors.js";
import { input, meanAll, sumAll, type Tensor } from "../../../src/graph/index.js";
import { Context, Scope, type LogDetEstimator } from "../../../src/nn/index.js";
import {
  assertGradients,
  gradientByDifferences,
  gradientsAt,
  jacobian,
  scalarAt,
} from "../../support/derivatives.js";
import { truncatedSeries } from "../../support/matrices.js";
import { noiseFeeds, parametersOf } from "../../support/modules.js";
import {
  allSigns,
  assertClose,
  copies,
  events,
  meanOf,
  normals,
  standardError,
  type Feeds,
  type Values,
} from "../../support/values.js";
import { convBlock, denseBlock } from "../registry.js";
import { makeCase, type Case } from "./cases.js";

const estimators: Readonly<Record<string, (options: SeriesOptions) => LogDetEstimator>> = {
  powerSeries,
  neumannSeries,
};

const cases: Readonly<Record<string, Case>> = {
  dense: makeCase((scope) => denseBlock(scope, 3, [5], { activation: "lipswish" })),
  convolution: makeCase((scope) => convBlock(scope, [1, 2, 2], 2)),
};

const context = (logDet: LogDetEstimator): Context => new Context({ phase: "infer", logDet });

/** J_g at one event. */
function branchJacobian({ block }: Case, x: Values, feeds: Feeds): ReturnType<typeof jacobian> {
  const ctx = new Context({ phase: "infer" });
  return jacobian((t) => block.branch.apply(t, ctx), x, feeds);
}

/** One copy of the event for each vector of ±1, which is its probe: the mean has no noise. */
function overAllProbes(
  { block, feeds, x }: Case,
  logDet: LogDetEstimator,
): { loss: Tensor; batch: Tensor; feeds: Feeds } {
  const d = x.data.length;
  const probes = allSigns(d);
  const shape = [2 ** d, ...block.inShape];
  const ctx = context(logDet);
  const batch = input("batch", shape);
  const loss = meanAll(block.forward(batch, ctx).logDet);
  assert.deepEqual(Object.values(ctx.noises), ["rademacher"]);
  return {
    loss,
    batch,
    feeds: { ...feeds, batch: copies(x, 2 ** d), "noise.0": { shape, data: probes.data } },
  };
}

for (const [kind, each] of Object.entries(cases)) {
  describe(`series of the log-determinant, ${kind}`, () => {
    const { block, scope, feeds, x } = each;
    const matrix = branchJacobian(each, x, feeds);

    for (const [name, estimator] of Object.entries(estimators)) {
      it(`${name}: the mean over every probe is the truncated series`, () => {
        for (const terms of [1, 2, 3, 4, 7]) {
          const all = overAllProbes(each, estimator({ terms }));
          const expected = truncatedSeries(matrix, terms);
          assertClose([scalarAt(all.loss, all.feeds)], [expected], 1e-13, `${terms} terms`);
        }
      });

      it(`${name}: averages as many probes as it is told`, () => {
        const d = x.data.length;
        const signs = allSigns(d);
        const ctx = context(estimator({ terms: 3, probes: 2 ** d }));
        const { logDet } = block.forward(input("x", x.shape), ctx);
        assert.equal(Object.keys(ctx.noises).length, 2 ** d);
        const noise = Object.keys(ctx.noises).map(
          (label, i) => [label, events(signs, i, i + 1)] as const,
        );
        const result = scalarAt(sumAll(logDet), { ...feeds, x, ...Object.fromEntries(noise) });
        assertClose([result], [truncatedSeries(matrix, 3)], 1e-13, "mean");
      });

      for (const noise of ["rademacher", "normal"] as const) {
        it(`${name}: random ${noise} probes agree within 4 standard errors`, () => {
          const count = 1500;
          const ctx = context(estimator({ terms: 5, noise }));
          const { logDet } = block.forward(input("x", [count, ...block.inShape]), ctx);
          assert.deepEqual(Object.values(ctx.noises), [noise]);
          const estimates = evaluate(
            { logDet },
            { ...feeds, x: copies(x, count), ...noiseFeeds(ctx, [logDet]) },
          ).logDet.data;
          const error = standardError(estimates);
          const distance = Math.abs(meanOf(estimates) - truncatedSeries(matrix, 5));
          assert.ok(error > 0 && distance <= 4 * error, `${distance} off, error ${error}`);
        });
      }

      it(`${name}: the mean gradient is the truncated series'`, () => {
        for (const terms of [1, 2, 5]) {
          const all = overAllProbes(each, estimator({ terms }));
          assertGradients(all.loss, parametersOf(scope), all.feeds, {
            value: (at) => truncatedSeries(branchJacobian(each, x, at), terms),
          });
        }
      });

      it(`${name}: so is its gradient in x`, () => {
        const terms = 4;
        const d = x.data.length;
        const all = overAllProbes(each, estimator({ terms }));
        const { batch: gradient } = gradientsAt(all.loss, { batch: all.batch }, all.feeds);
        const total = new Float64Array(d).map((_, i) =>
          gradient!.filter((_g, j) => j % d === i).reduce((sum, g) => sum + g, 0),
        );
        const expected = gradientByDifferences(
          (at) => truncatedSeries(branchJacobian(each, at.x!, feeds), terms),
          { x },
          "x",
        );
        assertClose(total, expected, 1e-8, "gradient in x");
      });
    }

    it("has for its value and gradient the exact ones, once the series is long", () => {
      const exactly = context(exact);
      const one = input("x", x.shape);
      const loss = sumAll(block.forward(one, exactly).logDet);
      const expected = gradientsAt(loss, parametersOf(scope), { ...feeds, x });
      const all = overAllProbes(each, neumannSeries({ terms: 60 }));
      assertClose(
        [scalarAt(all.loss, all.feeds)],
        [scalarAt(loss, { ...feeds, x })],
        1e-9,
        "value",
      );
      const found = gradientsAt(all.loss, parametersOf(scope), all.feeds);
      for (const [parameter, gradient] of Object.entries(found)) {
        assertClose(gradient, expected[parameter]!, 1e-9, parameter);
      }
    });
  });
}

describe("truncation of the series", () => {
  const d = 3;
  /** y = x − cQx for an orthogonal Q: the worst case of the bound where Q = I. */
  function linear(c: number, weight: readonly number[]): Case {
    const scope = new Scope();
    const block = denseBlock(scope.child("block"), d, [], { c, activateInput: false });
    const feeds: Feeds = {
      "block.linear1.weight": { shape: [d, d], data: weight },
      "block.linear1.bias": { shape: [d], data: [0.1, 0, -0.2] },
      "block.linear1.u": { shape: [1, d], data: weight.slice(0, d) },
      "block.linear1.v": { shape: [1, d], data: [1, 0, 0] },
    };
    return { block, scope, feeds, x: normals("x", [1, d]) };
  }
  const negativeIdentity = [-2, 0, 0, 0, -2, 0, 0, 0, -2];

  for (const c of [0.5, 0.6, 0.7, 0.8, 0.9]) {
    it(`misses what truncationBias says at c = ${c}, for J = −cI`, () => {
      const each = linear(c, negativeIdentity);
      for (const terms of [1, 2, 5, 10, 20]) {
        const all = overAllProbes(each, powerSeries({ terms }));
        const missed = Math.abs(scalarAt(all.loss, all.feeds) - d * Math.log1p(-c));
        // Unit vectors are off by 10⁻¹², the guard of their division; the series magnifies that.
        assertClose([missed], [truncationBias(d, c, terms)], 1e-10, `${terms} terms`);
      }
    });

    it(`misses no more for three layers of norm ${c}`, () => {
      const each = makeCase((scope) => denseBlock(scope, d, [6, 6], { c }));
      const one = input("x", each.x.shape);
      const value = sumAll(each.block.forward(one, context(exact)).logDet);
      const expected = scalarAt(value, { ...each.feeds, x: each.x });
      for (const terms of [1, 2, 5, 10, 20]) {
        const all = overAllProbes(each, powerSeries({ terms }));
        const missed = Math.abs(scalarAt(all.loss, all.feeds) - expected);
        const bound = truncationBias(d, c ** 3, terms);
        assert.ok(missed <= bound + 1e-12, `${terms} terms: ${missed} of ${bound}`);
      }
    });
  }

  it("shrinks with terms and grows with dimensions and c, and is never negative", () => {
    assert.ok(truncationBias(2, 0.9, 5) > truncationBias(2, 0.9, 6));
    assert.ok(truncationBias(2, 0.9, 5) > truncationBias(2, 0.8, 5));
    assertClose([truncationBias(6, 0.7, 4)], [3 * truncationBias(2, 0.7, 4)], 1e-15, "dimensions");
    assertClose([truncationBias(1, 0.5, 0)], [Math.LN2], 1e-15, "no terms");
    // Where the difference of logarithm and sum has only rounding left: Lⁿ⁺¹/(n+1)/(1−L), about.
    const [bias, first] = [truncationBias(784, 0.1, 100), (784 * 0.1 ** 101) / 101];
    assert.ok(bias > first && bias < first / 0.9, `${bias} of ${first}`);
    assertClose(
      [truncationBias(2, 1 - 1e-12, 20)],
      [2 * (12 * Math.LN10 - 3.597739657143682)],
      1e-3,
      "close to 1",
    );
    for (const lipschitz of [1, 1.5, NaN]) {
      assert.equal(truncationBias(2, lipschitz, 20), Infinity);
    }
    for (const terms of [Infinity, NaN, -1, 1.5]) {
      assert.throws(() => truncationBias(2, 0.9, terms), UsageError);
    }
  });
});

describe("series options", () => {
  for (const [name, estimator] of Object.entries(estimators)) {
    it(`${name} needs whole numbers of terms and probes`, () => {
      for (const terms of [0, -1, 2.5, NaN]) {
        assert.throws(() => estimator({ terms }), UsageError);
        assert.throws(() => estimator({ terms: 1, probes: terms }), UsageError);
      }
      for (const odd of [{ probe: 5 }, { noise: "gauss" }]) {
        assert.throws(() => estimator({ terms: 1, ...odd } as SeriesOptions), UsageError);
      }
    });
  }
});
