import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gradients } from "../../src/autodiff/vjp.js";
import { exact, type ResidualBlock } from "../../src/bijections/index.js";
import { compile } from "../../src/engine/compile.js";
import { evaluate } from "../../src/engine/reference.js";
import { UsageError } from "../../src/errors.js";
import { input, neg, sumAll } from "../../src/graph/index.js";
import { Context, Scope } from "../../src/nn/index.js";
import { ndarray } from "../../src/tree.js";
import { settledFeeds } from "../support/modules.js";
import {
  assertClose,
  events,
  largestDifference,
  normals,
  sumOf,
  type Feeds,
  type Values,
} from "../support/values.js";
import { convBlock, denseBlock } from "./registry.js";
import { testEngine } from "../support/engine.js";

interface Case {
  readonly block: ResidualBlock;
  readonly feeds: Feeds;
  readonly x: Values;
}

const makers: Readonly<Record<string, (scope: Scope, c: number | undefined) => ResidualBlock>> = {
  dense: (scope, c) => denseBlock(scope, 4, [8, 8], { c }),
  convolution: (scope, c) => convBlock(scope, [2, 4, 3], 5, { c }),
};

/** A block whose weights, `gain` times the initial ones, exceed their bound. */
function makeCase(kind: string, c: number | undefined, gain = 4): Case {
  const scope = new Scope();
  const block = makers[kind]!(scope.child("block"), c);
  return {
    block,
    feeds: settledFeeds(scope, { gain }),
    x: normals("x", [3, ...block.inShape], 2),
  };
}

const norm = (data: ArrayLike<number>): number => Math.sqrt(sumOf(Array.from(data, (x) => x * x)));

const eventOf = ({ data }: Values, event: number): number[] =>
  Array.from(data).slice((event * data.length) / 3, ((event + 1) * data.length) / 3);

const context = (steps = 100, tolerance = 0): Context =>
  new Context({ phase: "infer", logDet: exact, inverse: () => ({ steps, tolerance }) });

function forward({ block, feeds, x }: Case): Values {
  return evaluate({ y: block.forward(input("x", x.shape), context()).value }, { ...feeds, x }).y;
}

function inverse(
  { block, feeds }: Case,
  y: Values,
  ctx: Context,
): { x: Values; residual: Float64Array } {
  const { value, checks } = block.inverse(input("y", y.shape), ctx);
  const result = evaluate({ x: value, residual: checks[0]!.residual }, { ...feeds, y });
  return { x: result.x, residual: result.residual.data };
}

for (const kind of Object.keys(makers)) {
  describe(`inverse of a residual block, ${kind}`, () => {
    for (const c of [0.5, 0.6, 0.7, 0.8, 0.9, 0.98]) {
      const lipschitz = c ** 3;

      it(`comes back at c = ${c}`, () => {
        const each = makeCase(kind, c);
        const { x, residual } = inverse(each, forward(each), context(300));
        const difference = largestDifference(x.data, each.x.data);
        assert.ok(difference <= 1e-10, `${difference}`);
        assert.ok(Math.max(...residual) <= 1e-14);
      });

      it(`is off by at most L/(1−L) of its last step at c = ${c}`, () => {
        const each = makeCase(kind, c);
        const y = forward(each);
        const errors = [1, 2, 4, 8].map((steps) => {
          const { x, residual } = inverse(each, y, context(steps));
          const events = [0, 1, 2].map((event) => {
            const error = norm(eventOf(x, event).map((v, i) => v - eventOf(each.x, event)[i]!));
            const step = residual[event]! * (1 + norm(eventOf(y, event)));
            const bound = (lipschitz / (1 - lipschitz)) * step;
            assert.ok(error <= bound * (1 + 1e-6), `${steps} steps: ${error} of ${bound}`);
            return error;
          });
          return Math.max(...events);
        });
        assert.ok(errors[0]! > 1e-4, "one step is no inverse");
        errors.slice(1).forEach((error, i) => {
          assert.ok(error < errors[i]!, errors.join(" "));
        });
      });
    }

    it("says how far the iterate before was from y", () => {
      const each = makeCase(kind, 0.9);
      const y = forward(each);
      const { residual } = inverse(each, y, context(1)); // the iterate before is y itself
      const again = forward({ ...each, x: y });
      const truth = [0, 1, 2].map((event) => {
        const target = eventOf(y, event);
        const difference = eventOf(again, event).map((value, j) => value - target[j]!);
        return norm(difference) / (1 + norm(target));
      });
      assertClose(residual, truth, 1e-12, "residual");
      const { tolerance } = each.block.inverse(input("y", y.shape), context()).checks[0]!;
      assert.ok(Math.max(...residual) > tolerance);
    });

    it("stops once a step is within its tolerance", () => {
      const each = makeCase(kind, 0.9);
      const y = forward(each);
      const ample = inverse(each, y, context(1e9, 1e-7)); // would never end otherwise
      const { residual } = ample;
      assert.ok(Math.max(...residual) <= 1e-7);
      assert.ok(largestDifference(ample.x.data, each.x.data) > 1e-12, "it stopped early");
    });

    it("without a bound shows that it failed", () => {
      const each = makeCase(kind, undefined, 12);
      const y = forward(each);
      const { residual } = inverse(each, y, context(200));
      const { tolerance } = each.block.inverse(input("y", y.shape), context()).checks[0]!;
      assert.ok(
        residual.some((r) => !(r <= tolerance)),
        `residual ${residual.join(" ")}`,
      );
    });

    it("has no gradient, and says so", () => {
      const { block } = makeCase(kind, 0.9);
      const y = input("y", [1, ...block.outShape]);
      assert.throws(() => gradients(sumAll(block.inverse(y, context()).value), [y]), UsageError);
    });
  });
}

describe("inverse of a residual block in float32", async () => {
  const engine = await testEngine();

  for (const kind of Object.keys(makers)) {
    for (const batch of [1, 3]) {
      it(`${kind}, batch of ${batch}`, async () => {
        const { block, feeds, x } = makeCase(kind, 0.9);
        const data = events(x, 0, batch);
        const arrays = Object.fromEntries(
          Object.entries({ ...feeds, x: data }).map(([name, value]) => [
            name,
            ndarray(value.data, value.shape),
          ]),
        );
        const there = compile(engine, ({ x: from }) => {
          const { value, logDet } = block.forward(from!, context());
          return { outputs: { y: value, logDet } };
        });
        const store = await engine.createStore(arrays);
        const { y, logDet } = await there.call({ x: arrays.x! }, { store });
        const back = compile(engine, ({ y: from }) => {
          const { value, logDet: other, checks } = block.inverse(from!, context(500, 1e-7));
          const residual = checks[0]!.residual;
          return { outputs: { x: value, opposite: neg(other), residual } };
        });
        const result = await back.call({ y: y! }, { store });
        // 2⁻²⁴ of rounding a step, relative to 1 + max|x| ≈ 6, grows by 1/(1−L) ≈ 3.7.
        assertClose(result.x!.data, arrays.x!.data, 2e-6, "x");
        assertClose(result.opposite!.data, logDet!.data, 1e-5, "logDet");
        assert.deepEqual(result.residual!.shape, [batch]);
        assert.ok(Math.max(...result.residual!.data) < 1e-6);
        const exactly = evaluate(
          { y: block.forward(input("x", data.shape), context()).value },
          { ...feeds, x: data },
        );
        assertClose(y!.data, exactly.y.data, 2e-6, "y against float64");
        const spoilt = { ...y!, data: y!.data.map((value, i) => (i === 0 ? NaN : value)) };
        const { residual } = await back.call({ y: spoilt }, { store });
        assert.ok(Number.isNaN(residual!.data[0]), "a NaN must not pass for small");
        await store.close();
      });
    }
  }
});
