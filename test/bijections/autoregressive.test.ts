import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MaskedAutoregressive } from "../../src/bijections/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { input, type Tensor } from "../../src/graph/index.js";
import { Context, Scope } from "../../src/nn/index.js";
import { jacobian } from "../support/derivatives.js";
import { bounded, plainMade } from "../support/made.js";
import { settledFeeds } from "../support/modules.js";
import { assertClose, normals } from "../support/values.js";

const features = 4;

describe("MaskedAutoregressive of one feature", () => {
  const options = { hidden: [3], reversed: false };

  it("is refused, with what works, unless there is a condition", () => {
    assert.throws(() => new MaskedAutoregressive(new Scope(), 1, { ...options, condition: 0 }), {
      name: "UsageError",
      message: /single Gaussian; use i-ResNet, .*FFJORD, or MADE/,
    });
    assert.ok(new MaskedAutoregressive(new Scope(), 1, { ...options, condition: 1 }));
  });
});

for (const reversed of [false, true]) {
  describe(`MaskedAutoregressive${reversed ? ", reversed" : ""}`, () => {
    const scope = new Scope();
    const options = { hidden: [9], condition: 1, reversed };
    const bijection = new MaskedAutoregressive(scope.child("made"), features, options);
    const feeds = settledFeeds(scope);
    const order = reversed ? [4, 3, 2, 1] : [1, 2, 3, 4];
    const made = {
      features,
      outputs: 2,
      degrees: [
        [...order, 0],
        [0, 0, 0, 1, 1, 2, 2, 3, 3],
      ],
      prefix: "made.",
    };
    const c = normals("c", [1, 1]);
    const x = normals("x", [1, features]);
    const context = (): Context => new Context({ phase: "infer", condition: input("c", [1, 1]) });

    it("standardises each feature by those before it", () => {
      const { value, logDet } = bijection.forward(input("x", x.shape), context());
      const { z, l } = evaluate({ z: value, l: logDet }, { ...feeds, x, c });
      const [shift, scale] = plainMade(made, [...Array.from(x.data), c.data[0]!], feeds);
      const expected = Array.from(
        x.data,
        (value, d) => (value - shift![d]!) * Math.exp(-bounded(scale![d]!)),
      );
      assertClose(z.data, expected, 1e-13, "z");
      assertClose(l.data, [-scale!.reduce((sum, a) => sum + bounded(a), 0)], 1e-13, "logDet");
    });

    it("draws each feature in turn when inverted", () => {
      const z = normals("z", [1, features], 2);
      const { value, checks } = bijection.inverse(input("z", z.shape), context());
      const back = evaluate({ value, residual: checks[0]!.residual }, { ...feeds, z, c });
      const expected = new Array<number>(features).fill(0);
      for (let place = 1; place <= features; place++) {
        const d = order.indexOf(place);
        const [shift, scale] = plainMade(made, [...expected, c.data[0]!], feeds);
        expected[d] = z.data[d]! * Math.exp(bounded(scale![d]!)) + shift![d]!;
      }
      assertClose(back.value.data, expected, 1e-13, "x");
      assert.equal(back.residual.data[0], 0);
    });

    it("has a Jacobian that is triangular in its order", () => {
      const map = (t: Tensor): Tensor =>
        bijection.forward(
          t,
          new Context({ phase: "infer", condition: input("c", [t.shape[0]!, 1]) }),
        ).value;
      const many = { shape: [features, 1], data: new Array<number>(features).fill(c.data[0]!) };
      const rows = jacobian(map, x, { ...feeds, c: many }).to2DArray();
      rows.forEach((row, to) => {
        row.forEach((slope, from) => {
          if (order[from]! > order[to]!) assert.equal(slope, 0, `${to}, ${from}`);
        });
        assert.ok(row[to]! > 0);
      });
    });

    it("says so when asked for the inverse of what it can't give", () => {
      const z = { shape: [1, features], data: [1e9, -1e9, 1e9, 1e9] };
      const { checks } = bijection.inverse(input("z", z.shape), context());
      const [check] = checks;
      const { residual } = evaluate({ residual: check!.residual }, { ...feeds, z, c });
      assert.ok(!(residual.data[0]! <= check!.tolerance), String(residual.data[0]));
    });
  });
}
