import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { secondsOf, shareBudget, type Need } from "../../../src/cli/reproduce/share.js";

describe("shareBudget", () => {
  const slow: Need = { evaluationSeconds: 10, secondsPerStep: 1, presetSteps: 1000 };

  it("gives equal shares, of which evaluation takes its part", () => {
    assert.deepEqual(shareBudget(220, [slow, slow]), [100, 100]);
    assert.deepEqual(shareBudget(220, [slow, { ...slow, secondsPerStep: 0.5 }]), [100, 200]);
  });

  it("gives what a row doesn't need to the others, in any order", () => {
    const quick = { ...slow, presetSteps: 20 };
    for (const needs of [
      [slow, quick, slow],
      [quick, slow, slow],
    ]) {
      const steps = shareBudget(330, needs);
      assert.deepEqual(
        [...steps].sort((a, b) => a - b),
        [20, 140, 140],
      );
      assert.equal(steps[needs.indexOf(quick)], 20);
      const total = needs.reduce((sum, need, i) => sum + secondsOf(need, steps[i]!), 0);
      assert.equal(total, 330);
    }
  });

  it("never takes more than the preset's steps, nor fewer than one", () => {
    assert.deepEqual(shareBudget(1e9, [slow]), [1000]);
    assert.deepEqual(shareBudget(5, [slow, slow]), [1, 1]);
  });
});
