import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LipschitzError } from "../../src/errors.js";
import { input, square, sumAll } from "../../src/graph/index.js";
import {
  concatenatedBranch,
  Context,
  Scope,
  type Branch,
  type BranchOptions,
} from "../../src/nn/index.js";
import type { Shape } from "../../src/tree.js";
import { assertGradients, jacobian } from "../support/derivatives.js";
import { spectralNorm } from "../support/matrices.js";
import { parametersOf, settledFeeds } from "../support/modules.js";
import { normals, type Feeds, type Values } from "../support/values.js";

const ctx = new Context({ phase: "infer" });

const steepness = (branch: Branch, x: Values, feeds: Feeds): number =>
  spectralNorm(jacobian((t) => branch.apply(t, ctx), x, feeds));

/** The feeds with these weights of a concatenation's parts, in every layer. */
const weighted = (feeds: Feeds, kept: number, made: number): Feeds => ({
  ...feeds,
  ...Object.fromEntries(
    Object.keys(feeds)
      .filter((name) => /\.(kept|made)$/.test(name))
      .map((name) => [name, { shape: [], data: [name.endsWith("kept") ? kept : made] }]),
  ),
});

const events: Readonly<Record<string, Shape>> = { vector: [3], image: [2, 3, 2] };

for (const [kind, event] of Object.entries(events)) {
  describe(`concatenated branch, ${kind}`, () => {
    const c = 0.9;
    const build = (options: Partial<BranchOptions> = {}) => {
      const scope = new Scope();
      const all = { activation: "clipswish", c, activateInput: true, ...options } as const;
      return { scope, branch: concatenatedBranch(scope, event, { depth: 4, growth: 4 }, all) };
    };

    for (const activation of ["elu", "lipswish", "clipswish", "sine"] as const) {
      it(`is no steeper than its last norm, whatever its parts weigh: ${activation}`, () => {
        const { scope, branch } = build({ activation });
        const feeds = settledFeeds(scope);
        assert.deepEqual(
          branch.norms.map((norm) => norm.path),
          ["last"],
        );
        let most = 0;
        for (const [kept, made] of [
          [0, 0],
          [5, -5],
          [-5, 5],
        ] as const) {
          for (const label of ["a", "b", "c"]) {
            const x = normals(label, [1, ...event], 2);
            most = Math.max(most, steepness(branch, x, weighted(feeds, kept, made)));
          }
        }
        assert.ok(most <= c * (1 + 1e-6), `${most}`);
        assert.ok(most > c / 8, `${most}`);
      });
    }

    it("has gradients that differences show", () => {
      const { scope, branch } = build();
      const feeds = settledFeeds(scope, { gain: 1 });
      const x = normals("x", [2, ...event]);
      const at = input("x", x.shape);
      const loss = sumAll(square(branch.apply(at, ctx)));
      const trained = Object.fromEntries(
        Object.entries(parametersOf(scope)).filter(([name]) => !name.endsWith("weight")),
      );
      assertGradients(loss, { ...trained, x: at }, { ...feeds, x });
    });

    it("needs a bound", () => {
      assert.throws(() => build({ c: undefined }), LipschitzError);
    });
  });
}
