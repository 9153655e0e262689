import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkerboardMask, Coupling, evensFirst, halvesMask } from "../../src/bijections/index.js";
import type { CouplingTransform, Mask } from "../../src/bijections/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { ShapeError } from "../../src/errors.js";
import { add, concat, constant, input, mul, type Tensor } from "../../src/graph/index.js";
import { Context, Scope, type NetworkMaker } from "../../src/nn/index.js";
import { assertClose, type Values } from "../support/values.js";

const context = (): Context => new Context({ phase: "infer" });

/** As many times h/2 + 1 − i as outputs are asked for, i = 0, 1: what one can check by hand. */
const byHand: NetworkMaker = (_scope, inChannels, outChannels) => ({
  apply: (h) =>
    concat(
      Array.from({ length: outChannels / inChannels }, (_, i) => add(mul(h, 0.5), 1 - i)),
      1,
    ),
});

function run(
  mask: Mask,
  transform: CouplingTransform,
  x: Values,
): { value: number[]; logDet: number[]; back: number[] } {
  const scope = new Scope();
  const coupling = new Coupling(scope, { mask, transform, network: byHand });
  const { value, logDet } = coupling.forward(input("x", x.shape), context());
  const back = coupling.inverse(value, context()).value;
  const scale = { shape: [1], data: [0.5] };
  const results = evaluate({ value, logDet, back }, { x, ...(transform === "tanh" && { scale }) });
  const numbers = (name: keyof typeof results): number[] => Array.from(results[name].data);
  return { value: numbers("value"), logDet: numbers("logDet"), back: numbers("back") };
}

describe("halvesMask of one feature", () => {
  it("says what works instead", () => {
    assert.throws(() => halvesMask([1], "first"), {
      name: "ShapeError",
      message:
        /at least 2 channels or features, got \[1\]; .*i-ResNet, Residual Flow, FFJORD, or MADE/,
    });
  });
});

describe("Coupling of x = (2, 3), the first kept", () => {
  // The network gives 2/2 + 1 = 2, and for an affine map 2/2 = 1 after that.
  const x = { shape: [1, 2], data: [2, 3] };
  const mask = halvesMask([2], "first");
  const sigmoid4 = 1 / (1 + Math.exp(-4));
  const tanh2 = (Math.exp(4) - 1) / (Math.exp(4) + 1);
  const expected = {
    additive: { y: 3 + 2, logDet: 0 },
    tanh: { y: 3 * Math.exp(0.5 * tanh2) + 1, logDet: 0.5 * tanh2 },
    sigmoid: { y: 3 * sigmoid4 + 1, logDet: Math.log(sigmoid4) },
  };
  for (const transform of ["additive", "tanh", "sigmoid"] as const) {
    it(`is what the formula of "${transform}" says`, () => {
      const { value, logDet, back } = run(mask, transform, x);
      assertClose(value, [2, expected[transform].y], 1e-15, "y");
      assertClose(logDet, [expected[transform].logDet], 1e-15, "logDet");
      assertClose(back, x.data, 1e-15, "x");
    });
  }
});

describe("Coupling on a chessboard", () => {
  it("sums its log-determinant over the changed pixels alone", () => {
    // Pixels (0, 0) and (1, 1) are kept. The network sees 0 at the others, so h = 1 and t = 0 there.
    const x = { shape: [1, 1, 2, 2], data: [5, 7, 11, -3] };
    const { value, logDet, back } = run(checkerboardMask([1, 2, 2], "even"), "tanh", x);
    const s = 0.5 * Math.tanh(1);
    assertClose(value, [5, 7 * Math.exp(s), 11 * Math.exp(s), -3], 1e-15, "y");
    assertClose(logDet, [2 * s], 1e-15, "logDet");
    assertClose(back, x.data, 1e-15, "x");
  });
});

describe("masks", () => {
  const ones = (shape: readonly number[]): Tensor => constant(1, [1, ...shape]);
  const placed = (mask: Mask): number[] => {
    const changed = ones([mask.changedChannels, ...mask.shape.slice(1)]);
    return Array.from(evaluate({ y: mask.place(changed) }, {}).y.data);
  };

  it("of a chessboard change what the other keeps", () => {
    assert.deepEqual(
      placed(checkerboardMask([1, 3, 4], "odd")),
      [1, 0, 1, 0, /**/ 0, 1, 0, 1, /**/ 1, 0, 1, 0],
    );
    const even = checkerboardMask([2, 3, 3], "even");
    const [changed, kept] = [placed(even), evaluate({ y: even.kept(ones([2, 3, 3])) }, {}).y.data];
    assert.deepEqual(
      changed.map((value, i) => value + kept[i]!),
      Array.from({ length: 18 }, () => 1),
    );
    assert.deepEqual(changed.slice(0, 4), [0, 1, 0, 1]);
  });

  it("of halves change what the other keeps, of any number of features", () => {
    assert.deepEqual(placed(halvesMask([5], "first")), [0, 0, 1, 1, 1]);
    assert.deepEqual(placed(halvesMask([5], "last")), [1, 1, 0, 0, 0]);
  });

  it("refuse shapes of which nothing would be kept or changed", () => {
    for (const make of [
      () => halvesMask([1], "first"),
      () => halvesMask([1, 4, 4], "last"),
      () => checkerboardMask([4], "even"),
      () => checkerboardMask([4, 1, 1], "even"),
    ]) {
      assert.throws(make, ShapeError);
    }
  });
});

describe("evensFirst", () => {
  it("sorts places by parity", () => {
    for (const [data, sorted] of [
      [
        [0, 1, 2, 3, 4],
        [0, 2, 4, 1, 3],
      ],
      [
        [0, 1, 2, 3],
        [0, 2, 1, 3],
      ],
    ] as const) {
      const { value } = evensFirst(data.length).forward(input("x", [1, data.length]), context());
      assert.deepEqual([...evaluate({ value }, { x: { data } }).value.data], sorted);
    }
  });
});
