import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "../../src/engine/reference.js";
import { UsageError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import {
  activationNames,
  channelsPer,
  Context,
  convBranch,
  denseBranch,
  Scope,
  type Branch,
  type BranchOptions,
} from "../../src/nn/index.js";
import { jacobian } from "../support/derivatives.js";
import { spectralNorm } from "../support/matrices.js";
import { settled, settledFeeds } from "../support/modules.js";
import {
  assertClose,
  events,
  normals,
  sumOf,
  uniforms,
  type Feeds,
  type Values,
} from "../support/values.js";

interface Kind {
  readonly event: readonly number[];
  readonly make: (scope: Scope, options: BranchOptions) => Branch;
}

const kinds: Readonly<Record<string, Kind>> = {
  dense: { event: [4], make: (scope, options) => denseBranch(scope, 4, [8, 6], options) },
  convolution: {
    event: [2, 3, 3],
    make: (scope, options) => convBranch(scope, [2, 3, 3], 4, options),
  },
};

const norm = (data: ArrayLike<number>): number => Math.sqrt(sumOf(Array.from(data, (x) => x * x)));
const difference = (a: Values, b: Values): Float64Array =>
  Float64Array.from(a.data, (x, i) => x - b.data[i]!);

const mapValues = (feeds: Feeds, f: (x: number) => number): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float64Array.from(data, f) },
    ]),
  );

/** Largest |g(a) − g(b)|/|a − b| over pairs of events, at several distances. */
function steepestChord(branch: Branch, event: readonly number[], feeds: Feeds): number {
  const count = 60;
  const a = normals("a", [count, ...event], 2);
  const b = normals("b", [count, ...event], 2);
  let most = 0;
  for (const distance of [1e-3, 0.1, 1]) {
    const data = Float64Array.from(a.data, (x, i) => x + distance * b.data[i]!);
    const near = { shape: a.shape, data };
    const ctx = new Context({ phase: "infer" });
    const [ga, gb] = ["a", "b"].map((name) => branch.apply(input(name, a.shape), ctx));
    const results = evaluate({ ga: ga!, gb: gb! }, { ...feeds, a, b: near });
    for (let i = 0; i < count; i++) {
      const pair = (x: Values, y: Values): number =>
        norm(difference(events(x, i, i + 1), events(y, i, i + 1)));
      most = Math.max(most, pair(results.ga, results.gb) / pair(a, near));
    }
  }
  return most;
}

for (const [kind, { event, make }] of Object.entries(kinds)) {
  describe(`residual branch, ${kind}`, () => {
    for (const activation of activationNames()) {
      it(`with ${activation} is no steeper than the product of its norms`, () => {
        const c = 0.8;
        const scope = new Scope();
        const branch = make(scope, { activation, c, activateInput: true });
        const feeds = settledFeeds(scope);
        assert.equal(branch.norms.length, 3);
        const bound = branch.norms.reduce((product, { c: each }) => product * each!, 1);
        assert.equal(bound, c * c * c);
        const chord = steepestChord(branch, event, feeds);
        assert.ok(chord <= bound * (1 + 1e-6), `${chord} above ${bound}`);
        // Positive weights and inputs leave no activation flat, so that the bound is nearly met.
        const positive = settled(scope, mapValues(feeds, Math.abs));
        const ctx = new Context({ phase: "infer" });
        const [random, large] = [normals("x", [1, ...event]), uniforms("x", [1, ...event], 5, 6)];
        const steepness = (x: Values, at: Feeds): number =>
          spectralNorm(jacobian((t) => branch.apply(t, ctx), x, at));
        assert.ok(steepness(random, feeds) <= bound * (1 + 1e-6));
        const most = steepness(large, positive);
        // Of a pair of channels only one is steep there, which leaves a part of each layer's norm.
        const least = channelsPer(activation) === 1 ? bound / 2 : bound / 8;
        assert.ok(most <= bound * (1 + 1e-6) && most > least, `${most} of ${bound}`);
      });
    }

    it("without a bound is as steep as its weights are", () => {
      const scope = new Scope();
      const branch = make(scope, { activation: "relu", c: undefined, activateInput: true });
      assert.ok(steepestChord(branch, event, settledFeeds(scope)) > 1);
    });

    it("takes its input bare where it is told to", () => {
      const scope = new Scope();
      const options: BranchOptions = { activation: "lipswish", c: 0.9, activateInput: false };
      make(scope, options);
      const activations = scope.variables.filter(({ name }) => name.includes("lipswish"));
      assert.deepEqual(
        activations.map(({ name }) => name),
        ["activation2.lipswish.b", "activation3.lipswish.b"],
      );
    });

    it("adds a free map of its condition to the first layer, and is no steeper in x", () => {
      const scope = new Scope();
      const c = 0.8;
      const options: BranchOptions = { activation: "elu", c, activateInput: true, condition: 2 };
      const branch = make(scope, options);
      const feeds = settledFeeds(scope);
      const x = normals("x", [3, ...event]);
      const condition = normals("condition", [3, 2], 5);
      const at = (given: Values): Feeds => ({ ...feeds, x, condition: given });
      const ctx = new Context({ phase: "infer", condition: input("condition", [3, 2]) });
      const gx = branch.apply(input("x", x.shape), ctx);
      const conditioned = evaluate({ gx }, at(condition)).gx;

      // The same through the first bias of a branch without a condition, event by event.
      const plainScope = new Scope();
      const plain = make(plainScope, { ...options, condition: 0 });
      const names = scope.variables.map(({ name }) => name);
      assert.deepEqual(
        names.filter((name) => name !== "condition.weight"),
        plainScope.variables.map(({ name }) => name),
      );
      const bias = names.find((name) => name.endsWith("1.bias"))!;
      const weight = feeds["condition.weight"]!;
      for (let i = 0; i < 3; i++) {
        const [a, b] = [condition.data[2 * i]!, condition.data[2 * i + 1]!];
        const shifted = Float64Array.from(
          feeds[bias]!.data,
          (value, o) => value + weight.data[2 * o]! * a + weight.data[2 * o + 1]! * b,
        );
        const one = plain.apply(input("x", [1, ...event]), new Context({ phase: "infer" }));
        const expected = evaluate(
          { one },
          { ...feeds, x: events(x, i, i + 1), [bias]: { shape: [shifted.length], data: shifted } },
        ).one;
        assertClose(events(conditioned, i, i + 1).data, expected.data, 1e-13, `event ${i}`);
      }

      const single = events(condition, 1, 2);
      const fixed = new Context({ phase: "infer", condition: input("condition", [1, 2]) });
      const matrix = jacobian((t) => branch.apply(t, fixed), events(x, 1, 2), at(single));
      assert.ok(spectralNorm(matrix) <= c ** 3 * (1 + 1e-6));
      assert.throws(
        () => branch.apply(input("x", x.shape), new Context({ phase: "infer" })),
        UsageError,
      );
    });
  });
}
