import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exact } from "../../src/bijections/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { ShapeError } from "../../src/errors.js";
import { add, input, square, sumAll, type Tensor } from "../../src/graph/index.js";
import { Context } from "../../src/nn/index.js";
import { gradientsAt, jacobian, jacobianByDifferences } from "../support/derivatives.js";
import { logVolume } from "../support/matrices.js";
import { parametersOf, settledFeeds } from "../support/modules.js";
import { assertClose, events, normals, uniforms, type Values } from "../support/values.js";
import { registry } from "./registry.js";

/** Float64 leaves about 10⁻¹³ of a round trip that has converged. */
const roundTripTolerance = 1e-10;

const context = (): Context =>
  new Context({ phase: "infer", logDet: exact, inverse: () => ({ steps: 500, tolerance: 1e-15 }) });

for (const [name, { build, domain, feeds: more, error = 0 }] of Object.entries(registry)) {
  describe(name, () => {
    const { bijection, scope } = build();
    const { inShape, outShape } = bijection;
    const feeds = { ...settledFeeds(scope), ...more };
    const data = (batch: number): Values =>
      domain
        ? uniforms(name, [batch, ...inShape], ...domain)
        : normals(name, [batch, ...inShape], 1.5);
    const forward = (x: Values): { value: Values; logDet: Values } => {
      const { value, logDet } = bijection.forward(input("x", x.shape), context());
      return evaluate({ value, logDet }, { ...feeds, x });
    };
    const map = (x: Tensor): Tensor => bijection.forward(x, context()).value;

    it("gives the shapes it announces", () => {
      const { value, logDet } = forward(data(3));
      assert.deepEqual(value.shape, [3, ...outShape]);
      assert.deepEqual(logDet.shape, [3]);
      const back = bijection.inverse(input("y", [3, ...outShape]), context());
      assert.deepEqual(back.value.shape, [3, ...inShape]);
      assert.deepEqual(back.logDet.shape, [3]);
    });

    it("comes back, with the opposite log-determinant and its checks kept", () => {
      const x = data(3);
      const there = forward(x);
      const { value, logDet, checks } = bijection.inverse(input("y", there.value.shape), context());
      const residuals = checks.map(({ residual }, i) => [`check${i}`, residual] as const);
      const back = evaluate<string>(
        { value, logDet, ...Object.fromEntries(residuals) },
        { ...feeds, y: there.value },
      );
      assertClose(back.value!.data, x.data, Math.max(error, roundTripTolerance), "x");
      assertClose(
        back.logDet!.data,
        Array.from(there.logDet.data, (l) => -l),
        Math.max(error, roundTripTolerance),
        "logDet",
      );
      checks.forEach(({ tolerance, where }, i) => {
        const residual = back[`check${i}`]!;
        assert.deepEqual(residual.shape, [3], where);
        assert.ok(Math.max(...residual.data) <= Math.min(tolerance, 1e-12), where);
      });
    });

    it("has the log-determinant of its Jacobian", () => {
      const x = data(1);
      const { logDet } = forward(x);
      const byRows = jacobian(map, x, feeds);
      assertClose(logDet.data, [logVolume(byRows)], Math.max(error, 1e-10), "reverse mode");
      const byDifferences = jacobianByDifferences(map, x, feeds);
      assertClose(
        logDet.data,
        [logVolume(byDifferences)],
        Math.max(10 * error, 1e-7),
        "central differences",
      );
    });

    it("maps each event by itself, alone or in a batch", () => {
      const x = data(3);
      const together = forward(x);
      for (let i = 0; i < 3; i++) {
        const alone = forward(events(x, i, i + 1));
        assertClose(
          alone.value.data,
          events(together.value, i, i + 1).data,
          Math.max(error, 1e-14),
          "value",
        );
        assertClose(
          alone.logDet.data,
          events(together.logDet, i, i + 1).data,
          Math.max(error, 1e-14),
          "logDet",
        );
      }
    });

    it("refuses other shapes, both ways", () => {
      const wrong = (shape: readonly number[]): number[][] => [
        [...shape],
        [2, ...shape, 1],
        [2, shape[0]! + 1, ...shape.slice(1)],
      ];
      for (const shape of wrong(inShape)) {
        assert.throws(() => bijection.forward(input("x", shape), context()), ShapeError);
      }
      for (const shape of wrong(outShape)) {
        assert.throws(() => bijection.inverse(input("y", shape), context()), ShapeError);
      }
    });

    it("has a gradient in each of its parameters", () => {
      const x = data(2);
      const { value, logDet } = bijection.forward(input("x", x.shape), context());
      const loss = add(sumAll(square(value)), sumAll(logDet));
      const found = gradientsAt(loss, parametersOf(scope), { ...feeds, x });
      for (const [parameter, gradient] of Object.entries(found)) {
        if (/^(head|base)\./.test(parameter)) continue; // of the model, not of its bijection
        assert.ok(gradient.every(Number.isFinite), parameter);
        assert.ok(
          gradient.some((g) => Math.abs(g) > 1e-6),
          parameter,
        );
      }
    });
  });
}
