import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configure } from "../../src/runs/configuration.js";

describe("configure", () => {
  it("refuses a setting that it doesn't know, with the nearest one", () => {
    const misspelt: object = { step: 100 };
    assert.throws(() => configure("toy", misspelt), {
      name: "UsageError",
      message: /configure: expected options of .*, got "step"; did you mean "steps"/,
    });
    assert.equal(configure("toy", { steps: 100 }).training.steps, 100);
  });
});
