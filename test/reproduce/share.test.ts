import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  isShort,
  leastSeconds,
  leastSteps,
  secondsOf,
  shareBudget,
  totalSeconds,
  type Need,
} from "../../src/reproduce/share.js";

describe("shareBudget", () => {
  const slow: Need = { evaluationSeconds: 10, secondsPerStep: 1, presetSteps: 1000 };

  it("gives equal shares, of which evaluation takes its part", () => {
    assert.deepEqual(shareBudget(220, [slow, slow], 1), [100, 100]);
    assert.deepEqual(shareBudget(220, [slow, { ...slow, secondsPerStep: 0.5 }], 1), [100, 200]);
  });

  it("gives what a row doesn't need to the others, in any order", () => {
    const quick = { ...slow, presetSteps: 20 };
    for (const needs of [
      [slow, quick, slow],
      [quick, slow, slow],
    ]) {
      const steps = shareBudget(330, needs, 1);
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
    assert.deepEqual(shareBudget(1e9, [slow], 1), [1000]);
    assert.deepEqual(shareBudget(5, [slow, slow], 1), [1, 1]);
  });

  it("gives rows at once more, so that all of them end within the budget", () => {
    assert.deepEqual(shareBudget(220, [slow, slow, slow, slow], 2), [100, 100, 100, 100]);
    assert.deepEqual(shareBudget(220, [slow, slow, slow], 2), [100, 100, 100]);
    const quick = { ...slow, presetSteps: 20 };
    assert.deepEqual(
      shareBudget(330, [quick, slow, quick, slow, quick], 2),
      [20, 260, 20, 260, 20],
    );
  });

  it("never gives a row more than the budget", () => {
    assert.deepEqual(shareBudget(220, [slow, slow], 4), [210, 210]);
    assert.deepEqual(shareBudget(220, [slow], 4), [210]);
  });
});

describe("totalSeconds", () => {
  it("is when the last row ends, the longest begun first", () => {
    assert.equal(totalSeconds([1, 2, 3, 4], 1), 10);
    assert.equal(totalSeconds([1, 2, 3, 4], 2), 5);
    assert.equal(totalSeconds([1, 1, 1], 2), 2);
    assert.equal(totalSeconds([5, 1, 1], 8), 5);
  });
});

describe("rows of few steps", () => {
  const need: Need = { evaluationSeconds: 10, secondsPerStep: 1, presetSteps: 5000 };

  it("take a hundredth of their preset's at least, and more than 10", () => {
    assert.deepEqual([5000, 500, 5].map(leastSteps), [50, 10, 5]);
    assert.equal(leastSeconds([need, need], 1), 120);
    assert.equal(leastSeconds([need, need], 2), 60);
  });

  it("are marked below a tenth", () => {
    assert.equal(isShort({ steps: 499, presetSteps: 5000 }), true);
    assert.equal(isShort({ steps: 500, presetSteps: 5000 }), false);
  });
});
