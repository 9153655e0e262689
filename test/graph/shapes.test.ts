import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShapeError } from "../../src/errors.js";
import {
  add,
  addAll,
  asTensor,
  broadcast,
  broadcastShape,
  concat,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  expectEvent,
  expectShape,
  fixedPoint,
  input,
  literal,
  logSumExp,
  matmul,
  max,
  mean,
  pad,
  reshape,
  slice,
  sum,
  sumAll,
  sumEvent,
  transpose,
  type Tensor,
} from "../../src/graph/index.js";

const x = (...shape: number[]): Tensor => input(`x${shape}`, shape);

describe("shapes", () => {
  it("broadcast as NumPy's", () => {
    assert.deepEqual(broadcastShape([2, 1, 3], [4, 1], "test"), [2, 4, 3]);
    assert.deepEqual(broadcastShape([], [2], "test"), [2]);
    assert.deepEqual(add(x(1, 3), 2).shape, [1, 3]);
  });

  it("follow from derived operations", () => {
    assert.deepEqual(sumAll(x(2, 3)).shape, []);
    assert.deepEqual(sumEvent(x(2, 3, 4)).shape, [2]);
    assert.deepEqual(sumEvent(x(2)).shape, [2]);
    assert.deepEqual(mean(x(2, 3), [1]).shape, [2, 1]);
    assert.deepEqual(logSumExp(x(2, 3), 1).shape, [2, 1]);
    assert.deepEqual(addAll([], [2, 3]).shape, [2, 3]);
  });

  const mistakes: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    "sizes that don't broadcast": [() => add(x(2, 3), x(2)), /add: .*\[2,3\] and \[2\]/],
    "a broadcast to a smaller shape": [() => broadcast(x(2, 3), [3]), /broadcast: /],
    "a reshape to another size": [() => reshape(x(2, 3), [5]), /reshape: .*6 elements/],
    "an order that repeats an axis": [() => transpose(x(2, 3), [0, 0]), /transpose: .*2 axes/],
    "an order too short": [() => transpose(x(2, 3), [0]), /transpose: /],
    "a slice beyond the end": [() => slice(x(3), 0, 1, 4), /slice: .*1\.\.4/],
    "an empty slice": [() => slice(x(3), 0, 1, 1), /slice: /],
    "an axis that isn't there": [() => sum(x(3), [1]), /axis 1/],
    "a negative axis": [() => max(x(3), [-1]), /axis -1/],
    "negative padding": [() => pad(x(3), 0, -1, 0), /pad: /],
    "nothing to concatenate": [() => concat([], 0), /concat: .*none/],
    "parts that don't match": [() => concat([x(2, 3), x(2, 4)], 0), /concat: .*\[2,4\]/],
    "parts of other ranks": [() => concat([x(2, 3), x(2)], 0), /concat: /],
    "a matmul of a vector": [() => matmul(x(3), x(3, 2)), /matmul: a: .*2 axes/],
    "inner sizes that differ": [
      () => matmul(x(3, 2), x(3, 2), { transposeA: true, transposeB: true }),
      /matmul: .*\[3,2\]ᵀ and \[3,2\]ᵀ/,
    ],
    "an even kernel": [() => conv2d(x(1, 2, 4, 4), x(3, 2, 2, 2)), /conv2d: w: .*odd/],
    "an oblong kernel": [() => conv2d(x(1, 2, 4, 4), x(3, 2, 3, 1)), /square/],
    "channels that differ": [() => conv2d(x(1, 3, 4, 4), x(3, 2, 3, 3)), /conv2d: x: .*2 chan/],
    "a gradient of other channels": [
      () => conv2dInputGrad(x(1, 2, 4, 4), x(3, 2, 3, 3)),
      /conv2dInputGrad: g: .*3 chan/,
    ],
    "images of other sizes": [
      () => conv2dWeightGrad(x(1, 2, 4, 4), x(1, 2, 4, 5), 3),
      /conv2dWeightGrad: /,
    ],
    "an even kernel of a gradient": [
      () => conv2dWeightGrad(x(1, 2, 4, 4), x(1, 2, 4, 4), 2),
      /conv2dWeightGrad: .*odd/,
    ],
    "an image without a batch": [() => conv2d(x(2, 4, 4), x(3, 2, 3, 3)), /4 axes/],
    "too few numbers": [() => literal([1, 2], [3]), /literal: .*3 numbers/],
    "a map that changes the shape": [
      () => fixedPoint(x(2), () => x(3), { steps: 1, tolerance: 0 }),
      /fixedPoint: .*\[3\]/,
    ],
    "steps that aren't a scalar": [
      () => fixedPoint(x(2), (y) => y, { steps: x(1), tolerance: 0 }),
      /fixedPoint: steps/,
    ],
    "tolerances that aren't one for each event": [
      () => fixedPoint(x(2), (y) => y, { steps: 1, tolerance: x(3) }),
      /broadcast/,
    ],
    "another shape than expected": [
      () => {
        expectShape(x(2), [3], "here");
      },
      /here: .*\[3\]/,
    ],
    "another event than expected": [
      () => {
        expectEvent(x(2, 3), [4], "here");
      },
      /\[B, 4\]/,
    ],
    "a scalar for an event": [
      () => {
        expectEvent(asTensor(1), [], "here");
      },
      /here: /,
    ],
  };
  for (const [name, [build, message]] of Object.entries(mistakes)) {
    it(`refuse ${name}`, () => {
      assert.throws(build, (error) => error instanceof ShapeError && message.test(error.message));
    });
  }
});
