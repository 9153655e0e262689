import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exact } from "../../../src/bijections/index.js";
import { evaluate } from "../../../src/engine/reference.js";
import { UsageError } from "../../../src/errors.js";
import { input, sumAll } from "../../../src/graph/index.js";
import { Context, Scope } from "../../../src/nn/index.js";
import { assertGradients, jacobian } from "../../support/derivatives.js";
import { logAbsDet } from "../../support/matrices.js";
import { parametersOf, settledFeeds } from "../../support/modules.js";
import { assertClose, events, normals } from "../../support/values.js";
import { convBlock, denseBlock } from "../registry.js";

const context = (): Context => new Context({ phase: "infer", logDet: exact });

describe("exact log-determinant", () => {
  for (const d of [1, 2, 5, 12]) {
    it(`is that of the Jacobian's LU in ${d} dimensions`, () => {
      const scope = new Scope();
      const block = denseBlock(scope.child("block"), d, [2 * d, 2 * d]);
      const feeds = settledFeeds(scope);
      const x = normals("x", [4, d], 2);
      const { logDet } = evaluate(
        { logDet: block.forward(input("x", x.shape), context()).logDet },
        { ...feeds, x },
      );
      for (let i = 0; i < 4; i++) {
        const matrix = jacobian(
          (t) => block.forward(t, context()).value,
          events(x, i, i + 1),
          feeds,
        );
        assertClose([logDet.data[i]!], [logAbsDet(matrix)], 1e-12, `event ${i}`);
      }
    });
  }

  it("has the gradient that differences show, in parameters and in x", () => {
    const makers = {
      dense: (scope: Scope) => denseBlock(scope.child("block"), 3, [4], { activation: "lipswish" }),
      convolution: (scope: Scope) => convBlock(scope.child("block"), [1, 2, 2], 2),
    };
    for (const make of Object.values(makers)) {
      const scope = new Scope();
      const block = make(scope);
      const x = input("x", [2, ...block.inShape]);
      const loss = sumAll(block.forward(x, context()).logDet);
      const feeds = { ...settledFeeds(scope), x: normals("x", x.shape) };
      assertGradients(loss, { ...parametersOf(scope), x }, feeds);
    }
  });

  it("is not there for a context without an estimator", () => {
    const block = denseBlock(new Scope("block"), 2, []);
    const result = block.forward(input("x", [1, 2]), new Context({ phase: "infer" }));
    assert.throws(() => result.logDet, UsageError);
  });
});
