import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShapeError, UsageError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { evaluate } from "../../src/engine/reference.js";
import { constant, literal } from "../../src/graph/index.js";
import {
  centred,
  Context,
  dequantised,
  uncentred,
  type ContextOptions,
} from "../../src/nn/index.js";

describe("Context", () => {
  it("refuses an option that it doesn't know", () => {
    assert.throws(() => new Context({ phase: "infer", logdet: undefined } as ContextOptions), {
      name: UsageError.name,
      message: /did you mean "logDet"/,
    });
  });
});

describe("Context.expectCondition", () => {
  it("gives the condition, set when made or later", () => {
    const condition = input("condition", [5, 3]);
    const given = new Context({ phase: "infer", condition });
    assert.equal(given.expectCondition(3, "Layer"), condition);
    const later = new Context({ phase: "train" });
    later.condition = condition;
    assert.equal(later.expectCondition(3, "Layer"), condition);
  });

  it("says who needs one, and what to pass", () => {
    const ctx = new Context({ phase: "infer" });
    assert.throws(() => ctx.expectCondition(3, "Layer"), {
      name: UsageError.name,
      message: "Layer: expected a condition of shape [B, 3], got none; pass `condition`",
    });
    ctx.condition = input("condition", [5, 2]);
    assert.throws(() => ctx.expectCondition(3, "Layer"), {
      name: ShapeError.name,
      message: /Layer: condition: expected shape \[B, 3\], got \[5,2\]/,
    });
  });
});

describe("the step of whole numbers", () => {
  const x = input("x", [2, 3]);
  const feeds = {
    x: { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
    "noise.0": { shape: [2, 3], data: [0, 0.5, 0.25, 0.75, 0.5, 0] },
  };

  it("widens noise and middles, column by column", () => {
    const ctx = new Context({ phase: "infer", step: literal([0, 1, 2], [1, 3]) });
    const noisy = dequantised(x, ctx);
    const middle = centred(x, ctx);
    const back = uncentred(middle, ctx);
    assert.deepEqual(ctx.noises, { "noise.0": "uniform" });
    const values = evaluate({ noisy, middle, back }, feeds);
    assert.deepEqual([...values.noisy.data], [1, 2.5, 3.5, 4, 5.5, 6]);
    assert.deepEqual([...values.middle.data], [1, 2.5, 4, 4, 5.5, 7]);
    assert.deepEqual([...values.back.data], feeds.x.data);
  });

  it("is 1 for pixels, and absent where numbers are real", () => {
    const pixels = new Context({ phase: "train", step: constant(1) });
    const { y } = evaluate({ y: dequantised(x, pixels) }, feeds);
    assert.deepEqual([...y.data], [1, 2.5, 3.25, 4.75, 5.5, 6]);
    const real = new Context({ phase: "train" });
    assert.equal(dequantised(x, real), x);
    assert.equal(centred(x, real), x);
    assert.deepEqual(real.noises, {});
  });
});
