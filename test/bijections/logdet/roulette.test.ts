import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  exact,
  roulette,
  tailProbabilities,
  type RouletteOptions,
  type Tail,
} from "../../../src/bijections/index.js";
import { compile } from "../../../src/engine/compile.js";
import { nodeEngine } from "../../../src/engine/node.js";
import { evaluate } from "../../../src/engine/reference.js";
import { UsageError } from "../../../src/errors.js";
import { input, meanAll, sumAll, type Tensor } from "../../../src/graph/index.js";
import { Context } from "../../../src/nn/index.js";
import { Random } from "../../../src/random.js";
import { ndarray } from "../../../src/tree.js";
import { gradientsAt, jacobian, scalarAt } from "../../support/derivatives.js";
import { logAbsDet } from "../../support/matrices.js";
import { noiseFeeds, parametersOf } from "../../support/modules.js";
import {
  allSigns,
  assertClose,
  copies,
  meanOf,
  standardError,
  type Feeds,
} from "../../support/values.js";
import { convBlock, denseBlock } from "../registry.js";
import { makeCase, type Case } from "./cases.js";

const geometric: Tail = { kind: "geometric", p: 0.5 };
const poisson: Tail = { kind: "poisson", rate: 2 };

const cases: Readonly<Record<string, Case>> = {
  dense: makeCase((scope) => denseBlock(scope, 3, [5], { activation: "lipswish", c: 0.7 })),
  convolution: makeCase((scope) => convBlock(scope, [1, 2, 2], 2, { c: 0.8 })),
};

/** The mean over every probe, as a graph whose one random number decides N. */
function overAllProbes(
  { block, feeds, x }: Case,
  options: RouletteOptions,
): { readonly loss: Tensor; readonly at: (u: number) => Feeds } {
  const d = x.data.length;
  const ctx = new Context({ phase: "train", logDet: roulette(options) });
  const shape = [2 ** d, ...block.inShape];
  const loss = meanAll(block.forward(input("batch", shape), ctx).logDet);
  assert.deepEqual(ctx.noises, {
    "noise.0": "rademacher",
    "noise.1": "uniform",
    "noise.2": "uniform",
  });
  return {
    loss,
    at: (u) => ({
      ...feeds,
      batch: copies(x, 2 ** d),
      "noise.0": { shape, data: allSigns(d).data },
      "noise.1": { shape: [], data: [u] },
      "noise.2": { shape: [], data: [0] },
    }),
  };
}

describe("roulette's tails", () => {
  // P(N ≥ 1), P(N ≥ 2), ...: N counts the terms after the exact ones, so the first of them has
  // weight 1 by a geometric tail, not 1/(1 − p).
  it("are 1, 1/2, 1/4, … for the geometric one with p = 1/2", () => {
    const tail = tailProbabilities(geometric);
    assertClose(tail.slice(0, 4), [1, 0.5, 0.25, 0.125], 0, "p = 1/2");
    assert.equal(tail.length, 49);
    const other = tailProbabilities({ kind: "geometric", p: 0.2 }).slice(0, 3);
    assertClose(other, [1, 0.8, 0.64], 1e-15, "p = 0.2");
  });

  it("are 1 − e⁻²·(1, 3, 5, 19/3, …) for the Poisson one of mean 2", () => {
    const tail = tailProbabilities(poisson);
    const e = 0.1353352832366127;
    assertClose(tail.slice(0, 4), [1 - e, 1 - 3 * e, 1 - 5 * e, 1 - (19 / 3) * e], 1e-15, "rate 2");
    assert.ok(tail.every((p, i) => i === 0 || (p < tail[i - 1]! && p >= 2 ** -48)));
    // The mean of N is the sum of P(N ≥ j).
    assertClose([tail.reduce((sum, p) => sum + p, 0)], [2], 1e-13, "mean");
    const long = tailProbabilities({ kind: "poisson", rate: 60 });
    assertClose([long.reduce((sum, p) => sum + p, 0)], [60], 1e-12, "mean of a long one");
  });
});

for (const [kind, each] of Object.entries(cases)) {
  describe(`roulette, ${kind}`, () => {
    const { block, scope, feeds, x } = each;
    const matrix = jacobian(
      (t) => block.branch.apply(t, new Context({ phase: "infer" })),
      x,
      feeds,
    );

    for (const exactTerms of [0, 2]) {
      it(`weights its terms by how seldom they come, ${exactTerms} of them always there`, () => {
        // P(N ≥ j) = 2¹⁻ʲ: u = 0.3 takes the terms of probability 1 and 1/2, u = 0.9 the first.
        for (const [u, weights] of [
          [0.9, [1]],
          [0.3, [1, 2]],
          [0.2, [1, 2, 4]],
          [0.01, [1, 2, 4, 8, 16, 32, 64]],
        ] as const) {
          const { loss, at } = overAllProbes(each, { exactTerms, tail: geometric });
          let power = matrix;
          let expected = 0;
          [...Array.from({ length: exactTerms }, () => 1), ...weights].forEach((weight, i) => {
            expected += ((i % 2 === 0 ? 1 : -1) * weight * power.trace()) / (i + 1);
            power = power.mmul(matrix);
          });
          assertClose([scalarAt(loss, at(u))], [expected], 1e-13, `u = ${u}`);
        }
      });
    }

    for (const tail of [geometric, poisson]) {
      it(`${tail.kind}: agrees with the exact log-determinant within 4 standard errors`, () => {
        const ctx = new Context({
          phase: "train",
          logDet: roulette({ exactTerms: 1, tail, noise: "normal" }),
        });
        const { logDet } = block.forward(input("x", [16, ...block.inShape]), ctx);
        const mean = meanAll(logDet);
        const batch = { ...feeds, x: copies(x, 16) };
        const means = Array.from({ length: 200 }, (_, run) =>
          scalarAt(mean, { ...batch, ...noiseFeeds(ctx, [mean], run) }),
        );
        const identity = matrix.clone().mul(0);
        for (let i = 0; i < identity.rows; i++) identity.set(i, i, 1);
        const truth = logAbsDet(identity.add(matrix));
        const [distance, error] = [Math.abs(meanOf(means) - truth), standardError(means)];
        assert.ok(error > 0 && distance <= 4 * error, `${distance} off, error ${error}`);
      });

      it(`${tail.kind}: value and gradient have the exact ones for their mean`, () => {
        const { loss, at } = overAllProbes(each, { exactTerms: 1, tail });
        const truth = sumAll(
          block.forward(input("one", x.shape), new Context({ phase: "train", logDet: exact }))
            .logDet,
        );
        const parameters = parametersOf(scope);
        const expected = gradientsAt(truth, parameters, { ...feeds, one: x });
        // N = m with probability P(N ≥ m) − P(N ≥ m + 1): any u between decides for it.
        const probabilities = [1, ...tailProbabilities(tail), 0];
        let value = 0;
        const total = Object.fromEntries(
          Object.entries(expected).map(([name, { length }]) => [name, new Float64Array(length)]),
        );
        probabilities.slice(0, Math.min(30, probabilities.length - 1)).forEach((above, m) => {
          const below = probabilities[m + 1]!;
          if (above === below) return;
          const feedsAt = at((above + below) / 2);
          value += (above - below) * scalarAt(loss, feedsAt);
          for (const [name, slope] of Object.entries(gradientsAt(loss, parameters, feedsAt))) {
            slope.forEach((g, i) => (total[name]![i]! += (above - below) * g));
          }
        });
        assertClose([value], [scalarAt(truth, { ...feeds, one: x })], 1e-7, "value");
        for (const [name, slope] of Object.entries(expected)) {
          assertClose(total[name]!, slope, 1e-7, name);
        }
      });
    }
  });
}

describe("roulette on an engine", () => {
  it("gives what the reference gives, another number of terms in each run", async () => {
    const { block, feeds, x } = cases.convolution!;
    const engine = await nodeEngine({ threads: 1 });
    const random = Random.fromSeed(3);
    const batch = copies(x, 4);
    const trace = (t: Tensor): { logDet: Tensor; ctx: Context } => {
      const logDet = roulette({ exactTerms: 1, tail: geometric });
      const ctx = new Context({ phase: "train", logDet });
      return { logDet: block.forward(t, ctx).logDet, ctx };
    };
    const compiled = compile(engine, ({ x: at }) => {
      const { logDet, ctx } = trace(at!);
      return { outputs: { logDet }, noise: ctx.noises };
    });
    const store = await engine.createStore(
      Object.fromEntries(
        Object.entries(feeds).map(([name, { shape, data }]) => [name, ndarray(data, shape)]),
      ),
    );
    try {
      for (let run = 0; run < 5; run++) {
        const prepared = compiled.prepare(
          { x: ndarray(batch.data, batch.shape) },
          random.split(run),
        );
        // A run may take the buffers along.
        const noise = Object.fromEntries(
          Object.entries(prepared.feeds).map(([name, { shape, data }]) => [
            name,
            { shape, data: Float64Array.from(data) },
          ]),
        );
        const found = await compiled.run(prepared, store);
        const { logDet } = trace(input("x", batch.shape));
        const expected = evaluate({ logDet }, { ...feeds, ...noise }).logDet;
        assertClose(found.logDet!.data, expected.data, 1e-5, `run ${run}`);
      }
    } finally {
      await compiled.close();
      await engine.close();
    }
  });
});

describe("roulette's options", () => {
  it("are whole numbers of terms and tails that end", () => {
    for (const exactTerms of [-1, 0.5, NaN]) {
      assert.throws(() => roulette({ exactTerms, tail: geometric }), UsageError);
    }
    for (const tail of [
      { kind: "geometric", p: 0 },
      { kind: "geometric", p: 1 },
      { kind: "geometric", p: 1e-9 },
      { kind: "poisson", rate: 1e-16 },
      { kind: "poisson", rate: 0 },
      { kind: "poisson", rate: 1000 },
      { kind: "poisson", rate: NaN },
    ] as const) {
      assert.throws(() => roulette({ exactTerms: 2, tail }), UsageError);
    }
    for (const odd of [{ nois: "normal" }, { noise: "gauss" }]) {
      const options = { exactTerms: 2, tail: geometric, ...odd } as RouletteOptions;
      assert.throws(() => roulette(options), UsageError);
    }
  });
});
