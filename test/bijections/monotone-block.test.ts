import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exact, MonotoneBlock, neumannSeries, powerSeries } from "../../src/bijections/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { add, input, mul, square, sumAll, type Tensor } from "../../src/graph/index.js";
import {
  Context,
  denseBranch,
  Scope,
  type Branch,
  type LogDetEstimator,
} from "../../src/nn/index.js";
import { assertGradients, gradientsAt, jacobian } from "../support/derivatives.js";
import { parametersOf, settledFeeds } from "../support/modules.js";
import { allSigns, assertClose, copies, meanOf, normals, type Values } from "../support/values.js";

const context = (logDet: LogDetEstimator = exact): Context =>
  new Context({ phase: "infer", logDet, inverse: () => ({ steps: 500, tolerance: 1e-15 }) });

/** g(x) = slope·x. */
const linear = (slope: number): Branch => ({ norms: [], apply: (x) => mul(x, slope) });

function small(): { scope: Scope; block: MonotoneBlock; branch: Branch } {
  const scope = new Scope();
  const options = { activation: "lipswish", c: 0.95, activateInput: false } as const;
  const branch = denseBranch(scope, 3, [6], options);
  return { scope, branch, block: new MonotoneBlock("block", [3], branch) };
}

describe("MonotoneBlock", () => {
  for (const slope of [0.7, -0.7, 0]) {
    it(`scales by (1 − L)/(1 + L) where g scales by ${slope}`, () => {
      const block = new MonotoneBlock("block", [2], linear(slope));
      const x = normals("x", [3, 2]);
      const { value, logDet } = block.forward(input("x", x.shape), context());
      const found = evaluate({ value, logDet }, { x });
      const factor = (1 - slope) / (1 + slope);
      assertClose(
        found.value.data,
        Array.from(x.data, (v) => factor * v),
        1e-13,
        "y",
      );
      assertClose(found.logDet.data, [0, 0, 0].fill(2 * Math.log(factor)), 1e-13, "logDet");
    });
  }

  it("has gradients in x and in its parameters that differences show, the log-determinant's too", () => {
    const { scope, block } = small();
    const feeds = settledFeeds(scope, { gain: 1 });
    const x = normals("x", [2, 3]);
    const at = input("x", x.shape);
    for (const direction of ["forward", "inverse"] as const) {
      const { value, logDet } = block[direction](at, context());
      const loss = add(sumAll(square(value)), mul(sumAll(logDet), 3));
      // Of weights within their bounds, so that nothing depends on how u and v follow.
      const inputs = { ...parametersOf(scope), x: at };
      assertGradients(loss, inputs, { ...feeds, x }, { tolerance: 1e-6 });
    }
  });

  it("estimates by odd powers of the Jacobian alone, both log-determinants by one probe", () => {
    const { scope, block, branch } = small();
    const feeds = settledFeeds(scope);
    const x = normals("x", [1, 3]);
    const probes = allSigns(3);
    const many = copies(x, 8);
    const terms = 6;
    const ctx = context(powerSeries({ terms }));
    const at = input("x", many.shape);
    const logDet = block.forward(at, ctx).logDet;
    assert.deepEqual(Object.keys(ctx.noises), ["noise.0"]);
    const found = evaluate({ logDet }, { ...feeds, x: many, "noise.0": probes }).logDet;

    // At w, where x = (w + g(w))/√2: y = (w − g(w))/√2, so x + y = √2·w.
    const y = evaluate(
      { y: block.forward(input("x", [1, 3]), context()).value },
      { ...feeds, x },
    ).y;
    const w: Values = {
      shape: [1, 3],
      data: Float64Array.from(x.data, (v, i) => (v + y.data[i]!) / Math.SQRT2),
    };
    const g = (t: Tensor): Tensor => branch.apply(t, context());
    const j = jacobian(g, w, feeds);
    let [power, expected] = [j, 0];
    for (let k = 1; k <= terms; k++) {
      if (k % 2 === 1) expected -= (2 * power.trace()) / k;
      power = power.mmul(j);
    }
    assertClose([meanOf(found.data)], [expected], 1e-12, "mean over every probe");
  });

  it("has Neumann's gradient of the exact mean", () => {
    const { scope, block } = small();
    const feeds = settledFeeds(scope, { gain: 1 });
    const x = normals("x", [1, 3]);
    const gradient = (logDet: LogDetEstimator, data: Values, more = {}) => {
      const at = input("x", data.shape);
      const loss = mul(sumAll(block.forward(at, context(logDet)).logDet), 1 / data.shape[0]!);
      return gradientsAt(loss, parametersOf(scope), { ...feeds, x: data, ...more });
    };
    const expected = gradient(exact, x);
    const noise = { "noise.0": allSigns(3) };
    const found = gradient(neumannSeries({ terms: 150 }), copies(x, 8), noise);
    for (const [name, slopes] of Object.entries(expected)) {
      assertClose(found[name]!, slopes, 1e-7, name);
    }
  });

  it("is off by at most L/(1 − L) of its residual, as a residual block's inverse is", () => {
    const { scope, block } = small();
    const feeds = settledFeeds(scope);
    const x = normals("x", [4, 3], 2);
    const lipschitz = 0.95 ** 2;
    const at = (steps: number) => {
      const ctx = new Context({ phase: "infer", inverse: () => ({ steps, tolerance: 1e-15 }) });
      const { value, checks } = block.forward(input("x", x.shape), ctx);
      return evaluate({ y: value, residual: checks[0]!.residual }, { ...feeds, x });
    };
    const [rough, close] = [at(4), at(500)];
    const length = (data: ArrayLike<number>): number => Math.hypot(...Array.from(data));
    for (let i = 0; i < 4; i++) {
      const row = (data: ArrayLike<number>): number[] => Array.from(data).slice(3 * i, 3 * i + 3);
      const error = length(row(rough.y.data).map((y, k) => y - row(close.y.data)[k]!));
      const bound =
        (lipschitz / (1 - lipschitz)) * rough.residual.data[i]! * (1 + length(row(x.data)));
      assert.ok(error <= bound && error > 1e-6, `${error} of ${bound}`);
    }
  });

  it("says how far it is from a solution that takes too long", () => {
    const { scope, block } = small();
    const feeds = settledFeeds(scope);
    const x = normals("x", [2, 3], 3);
    for (const direction of ["forward", "inverse"] as const) {
      const residual = (steps: number): number => {
        const ctx = new Context({ phase: "infer", inverse: () => ({ steps, tolerance: 1e-12 }) });
        const [check] = block[direction](input("x", x.shape), ctx).checks;
        const found = evaluate({ residual: check!.residual }, { ...feeds, x }).residual;
        return Math.max(...found.data) / check!.tolerance;
      };
      assert.ok(residual(1) > 1, direction);
      assert.ok(residual(200) < 1e-3, direction);
    }
  });
});
