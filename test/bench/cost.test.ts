import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { costOf, kindsOfWork, type Cost, type KindOfWork } from "../../bench/cost.js";
import {
  add,
  broadcast,
  concat,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  elu,
  fixedPoint,
  input,
  matmul,
  mul,
  pad,
  reshape,
  slice,
  sum,
  transpose,
  type Tensor,
} from "../../src/graph/index.js";

/** Asserts what a graph costs; kinds that aren't named cost nothing. */
function assertCost(
  y: Tensor,
  expected: Partial<Record<KindOfWork, Cost>>,
  options?: { iterations: number },
): void {
  const costs = costOf({ y }, options);
  for (const kind of kindsOfWork) {
    assert.deepEqual(costs[kind], expected[kind] ?? { flops: 0, bytes: 0 }, kind);
  }
}

describe("costOf", () => {
  const x = input("x", [2, 3, 4, 5]);
  const g = input("g", [2, 7, 4, 5]);

  it("counts a convolution and its gradients as 2·B·H·W·O·I·k²", () => {
    const w = input("w", [7, 3, 3, 3]);
    const flops = 2 * 2 * 4 * 5 * 7 * 3 * 9;
    const bytes = 4 * (120 + 280 + 189);
    assertCost(conv2d(x, w), { convolution: { flops, bytes } });
    assertCost(conv2dInputGrad(g, w), { convolution: { flops, bytes } });
    assertCost(conv2dWeightGrad(x, g, 3), { "weight gradient": { flops, bytes } });
  });

  it("tells 1x1 convolutions apart", () => {
    const w = input("w", [7, 3, 1, 1]);
    const cost = { flops: 2 * 40 * 21, bytes: 4 * (120 + 280 + 21) };
    assertCost(conv2d(x, w), { "1x1 convolution": cost });
    assertCost(conv2dWeightGrad(x, g, 1), { "weight gradient": cost });
  });

  it("counts a product as 2·M·N·K, whichever side is transposed", () => {
    const a = input("a", [5, 2]);
    const b = input("b", [3, 5]);
    const cost = { flops: 2 * 2 * 3 * 5, bytes: 4 * (10 + 15 + 6) };
    assertCost(matmul(a, b, { transposeA: true, transposeB: true }), { matmul: cost });
  });

  it("counts one operation for each element written, and reads broadcast inputs once", () => {
    const row = input("row", [5]);
    assertCost(elu(x), { elementwise: { flops: 120, bytes: 4 * 240 } });
    assertCost(add(x, row), { elementwise: { flops: 120, bytes: 4 * (120 + 5 + 120) } });
  });

  it("counts one operation for each element reduced", () => {
    assertCost(sum(x, [1, 2]), { reduction: { flops: 120, bytes: 4 * (120 + 10) } });
  });

  it("counts bytes alone for what only moves, and nothing for another shape", () => {
    const moved = (bytes: number) => ({ movement: { flops: 0, bytes } });
    assertCost(transpose(x, [1, 0, 2, 3]), moved(4 * 240));
    assertCost(pad(x, 1, 0, 1), moved(4 * (120 + 160)));
    assertCost(concat([x, g], 1), moved(4 * (120 + 280 + 400)));
    assertCost(broadcast(input("one", [1]), [6]), moved(4 * 7));
    assertCost(slice(x, 3, 0, 1), moved(4 * 48));
    assertCost(reshape(x, [120]), {});
  });

  it("counts a shared node once", () => {
    const y = elu(x);
    assertCost(mul(y, y), { elementwise: { flops: 240, bytes: 4 * (240 + 360) } });
  });

  it("counts the body of a loop as often as it is told", () => {
    const a = input("a", [6]);
    const { value } = fixedPoint(a, (t) => mul(t, 0.5), { steps: 9, tolerance: 0 });
    const y = value.inputs[0]!; // the loop itself
    const movement = { flops: 0, bytes: 4 * 7 }; // the tolerance, to one for each event
    const once = { flops: 6, bytes: 4 * 13 };
    assertCost(y, { elementwise: once, movement });
    const thrice = { flops: 18, bytes: 4 * 39 };
    assertCost(y, { elementwise: thrice, movement }, { iterations: 3 });
  });
});
