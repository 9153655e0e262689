import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShapeError, UsageError } from "../../src/errors.js";
import { input } from "../../src/graph/index.js";
import { Context } from "../../src/nn/index.js";

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
