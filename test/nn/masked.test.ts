import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { evaluate } from "../../src/engine/reference.js";
import { UsageError } from "../../src/errors.js";
import {
  add,
  broadcast,
  concat,
  exp,
  input,
  mul,
  reshape,
  slice,
  tanh,
  type Tensor,
} from "../../src/graph/index.js";
import {
  Context,
  featureDegrees,
  hiddenDegrees,
  MaskedNetwork,
  maskOf,
  Scope,
  solveTriangular,
} from "../../src/nn/index.js";
import { Random } from "../../src/random.js";
import { jacobian } from "../support/derivatives.js";
import { plainMade } from "../support/made.js";
import { settledFeeds } from "../support/modules.js";
import { assertSameRows, runIn, withRows } from "../support/rows.js";
import { assertClose, events, normals } from "../support/values.js";

const mask = (from: number[], to: number[], strict: boolean): number[] =>
  Array.from(evaluate({ mask: maskOf(from, to, { strict }) }, {}).mask.data);

describe("the degrees of MADE", () => {
  it("count features in order, or from the last", () => {
    assert.deepEqual(featureDegrees(4, false), [1, 2, 3, 4]);
    assert.deepEqual(featureDegrees(4, true), [4, 3, 2, 1]);
  });

  it("spread evenly over what informs an output", () => {
    assert.deepEqual(hiddenDegrees(6, 4, 1), [1, 1, 2, 2, 3, 3]);
    assert.deepEqual(hiddenDegrees(2, 9, 1), [1, 5]);
    assert.deepEqual(hiddenDegrees(4, 4, 0), [0, 1, 2, 3]);
    assert.deepEqual(hiddenDegrees(3, 1, 1), [1, 1, 1]);
  });
});

describe("the masks of MADE", () => {
  // Three features, a hidden layer of four units and one of three.
  const [features, first, second] = [[1, 2, 3], hiddenDegrees(4, 3, 1), hiddenDegrees(3, 3, 1)];

  it("let a hidden unit see what is of at most its degree", () => {
    assert.deepEqual(first, [1, 1, 2, 2]);
    assert.deepEqual(second, [1, 1, 2]);
    assert.deepEqual(mask(features, first, false), [1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0]);
    assert.deepEqual(mask(first, second, false), [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1]);
  });

  it("let an output see what is of a smaller degree", () => {
    assert.deepEqual(mask(second, features, true), [0, 0, 0, 1, 1, 0, 1, 1, 1]);
  });

  it("reversed, go the other way", () => {
    assert.deepEqual(mask([3, 2, 1], first, false), [0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1]);
    assert.deepEqual(mask(second, [3, 2, 1], true), [1, 1, 1, 1, 1, 0, 0, 0, 0]);
  });
});

for (const reversed of [false, true]) {
  for (const condition of [0, 2]) {
    describe(`MaskedNetwork${reversed ? ", reversed" : ""}${condition ? ", conditional" : ""}`, () => {
      const [features, outputs] = [5, 2];
      const scope = new Scope();
      const network = new MaskedNetwork(scope.child("network"), features, {
        hidden: [12, 12],
        outputs,
        condition,
        reversed,
      });
      const feeds = settledFeeds(scope);
      const x = normals("x", [1, features]);
      const c = normals("c", [1, condition]);
      /** Features and condition in one vector. */
      const both = {
        shape: [1, features + condition],
        data: [...Array.from(x.data), ...Array.from(c.data)],
      };
      const map = (t: Tensor): Tensor => {
        const parts = condition > 0 ? slice(t, 1, features, features + condition) : undefined;
        const ctx = new Context({ phase: "infer", condition: parts });
        const y = network.apply(slice(t, 1, 0, features), ctx);
        return reshape(y, [t.shape[0]!, outputs * features]);
      };

      it("gives what its masks and weights say", () => {
        const first = Array.from({ length: features }, (_, i) => (reversed ? 5 - i : i + 1));
        const hidden =
          condition > 0
            ? [
                [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4],
                [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4],
              ]
            : [
                [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4],
                [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4],
              ];
        const degrees = [[...first, ...Array.from(c.data, () => 0)], ...hidden];
        const expected = plainMade(
          { features, outputs, degrees, prefix: "network." },
          both.data,
          feeds,
        );
        const { y } = evaluate({ y: map(input("x", both.shape)) }, { ...feeds, x: both });
        assertClose(y.data, expected.flat(), 1e-13, "y");
      });

      it("depends on the features before alone, and on the whole condition", () => {
        const place = (feature: number): number => (reversed ? features - 1 - feature : feature);
        const informed = new Set<string>();
        for (let i = 0; i < 20; i++) {
          const at = normals(`at ${i}`, both.shape, 3);
          jacobian(map, at, feeds)
            .to2DArray()
            .forEach((row, output) => {
              row.forEach((slope, from) => {
                if (slope === 0) return;
                informed.add(`${output} by ${from}`);
                const isBefore = from >= features || place(from) < place(output % features);
                assert.ok(isBefore, `output ${output} by input ${from}`);
              });
            });
        }
        const pairs = (features * (features - 1)) / 2 + features * condition;
        assert.equal(informed.size, outputs * pairs);
      });
    });
  }
}

describe("MaskedNetwork", () => {
  it("lets a condition reach every output, however narrow its layers", () => {
    const [features, outputs, condition] = [8, 2, 1];
    for (let seed = 0; seed < 20; seed++) {
      const scope = new Scope();
      const options = { hidden: [4, 4], outputs, condition, reversed: seed % 2 === 1 };
      const network = new MaskedNetwork(scope, features, options);
      const x = normals(`x ${seed}`, [1, features]);
      const map = (c: Tensor): Tensor => {
        const at = broadcast(input("at", [1, features]), [c.shape[0]!, features]);
        const y = network.apply(at, new Context({ phase: "infer", condition: c }));
        return reshape(y, [c.shape[0]!, outputs * features]);
      };
      const feeds = { ...scope.initialArrays(Random.fromSeed(seed)), at: x };
      const slopes = jacobian(map, normals(`c ${seed}`, [1, condition]), feeds).to1DArray();
      assert.equal(slopes.length, outputs * features);
      assert.ok(
        slopes.every((slope) => slope !== 0),
        `seed ${seed}: ${slopes.join(" ")}`,
      );
    }
  });

  it("has the parameters it had, without a condition", () => {
    const scope = new Scope();
    const options = { hidden: [4], outputs: 2, condition: 0, reversed: false };
    assert.ok(new MaskedNetwork(scope.child("made"), 3, options));
    const names = ["linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"];
    assert.deepEqual(
      scope.variables.map(({ name }) => name),
      names.map((name) => `made.${name}`),
    );
  });

  it("refuses to do without its condition", () => {
    const network = new MaskedNetwork(new Scope(), 2, {
      hidden: [3],
      outputs: 1,
      condition: 1,
      reversed: false,
    });
    assert.throws(
      () => network.apply(input("x", [1, 2]), new Context({ phase: "infer" })),
      UsageError,
    );
  });
});

describe("solveTriangular", () => {
  const features = 6;
  const z = normals("z", [3, features]);

  it("solves exactly what depends on the features before, however steeply", () => {
    const lower = (x: Tensor): Tensor => {
      const before = slice(x, 1, 0, features - 1);
      const shifted = mul(slice(input("z", z.shape), 1, 1, features), exp(tanh(before)));
      const first = slice(input("z", z.shape), 1, 0, 1);
      return concat([first, add(shifted, mul(before, -8))], 1);
    };
    const { value, step } = solveTriangular(input("start", z.shape), lower);
    const start = normals("start", z.shape, 50);
    const found = evaluate({ value, step }, { z, start });
    assert.ok(found.step.data.every((s) => s === 0));
    for (let event = 0; event < 3; event++) {
      const row = Array.from(z.data).slice(event * features, (event + 1) * features);
      const x = [row[0]!];
      for (let d = 1; d < features; d++) {
        x.push(row[d]! * Math.exp(Math.tanh(x[d - 1]!)) - 8 * x[d - 1]!);
      }
      assertClose(found.value.data.slice(event * features, (event + 1) * features), x, 1e-12, "x");
    }
  });

  it("gives each row its turns, whatever the others are", async () => {
    const shape = [5, features];
    const z5 = normals("z", shape);
    const f = (x: Tensor): Tensor => {
      const before = concat([mul(slice(x, 1, 0, 1), 0), slice(x, 1, 0, features - 1)], 1);
      return add(mul(input("z", shape), exp(tanh(before))), mul(before, -3));
    };
    const outputs = { ...solveTriangular(input("z", shape), f) };
    await using engine = await nodeEngine({ threads: 1 });
    for (const place of [undefined, engine]) {
      const usual = await runIn(place, outputs, { z: z5 });
      const rows = { 1: NaN, 2: 1e30, 3: Infinity };
      const mixed = await runIn(place, outputs, { z: withRows(z5, rows) });
      assertSameRows(mixed, usual, [0, 4]);
      assert.ok(Array.from(usual.step!.data).every((s) => s === 0));
      for (const row of [1, 2, 3]) {
        const { data } = events(mixed.step!, row, row + 1);
        assert.ok(!(Math.max(...Array.from(data, Math.abs)) < 1e3), `row ${row}`);
      }
    }
  });

  it("leaves a step where there is no solution within its bounds", () => {
    const { step } = solveTriangular(input("z", z.shape), (x) => add(mul(x, 0), 1e9));
    assert.ok(evaluate({ step }, { z }).step.data.every((s) => s > 1e8));
  });
});
