import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "../../src/errors.js";
import { iResNetDensity } from "../../src/models/index.js";
import { chooseNoise, tableRecipe } from "../../src/tables/index.js";
import { parseTrainingConfig } from "../../src/train/config.js";

const sizes = [8, 9, 20, 100, 1000, 5000, 1_000_000].flatMap((rows) =>
  [1, 20, 100].map((columns) => ({ rows, columns })),
);

describe("tableRecipe", () => {
  it("makes a model and trainings that are valid for any size", () => {
    for (const size of sizes) {
      const { heldOut, model, noise, trial, training } = tableRecipe(size);
      assert.deepEqual(iResNetDensity(model).config.shape, [size.columns]);
      for (const scale of noise) {
        for (const options of [trial(scale), training(scale)]) {
          const { batchSize, augmentation } = parseTrainingConfig(options);
          assert.ok(batchSize >= 1 && batchSize <= size.rows - heldOut);
          assert.deepEqual(augmentation, { kind: "noise", scale });
        }
        assert.ok(trial(scale).steps < training(scale).steps);
      }
    }
  });

  it("holds out some rows of every table, at most half and at most 500", () => {
    for (const { rows, columns } of sizes) {
      const { heldOut } = tableRecipe({ rows, columns });
      assert.ok(Number.isInteger(heldOut) && heldOut >= 4, `${heldOut} of ${rows}`);
      assert.ok(heldOut <= rows / 2 && heldOut <= 1000, `${heldOut} of ${rows}`);
    }
  });

  it("refuses tables that are too small", () => {
    assert.throws(() => tableRecipe({ rows: 7, columns: 3 }), UsageError);
    assert.throws(() => tableRecipe({ rows: 80, columns: 0 }), UsageError);
    assert.throws(() => tableRecipe({ rows: NaN, columns: 2 }), UsageError);
  });
});

describe("chooseNoise", () => {
  it("takes the most likely, the largest of those that tie, and passes over failures", () => {
    const trials = [
      { noise: 0.05, logProb: NaN },
      { noise: 0.1, logProb: Infinity },
      { noise: 0.2, logProb: -3 },
      { noise: 0.5, logProb: -3 },
      { noise: 0.8, logProb: -4 },
    ];
    assert.equal(chooseNoise(trials), 0.5);
    assert.equal(chooseNoise([...trials, { noise: 1, logProb: -2 }]), 1);
    assert.throws(() => chooseNoise(trials.slice(0, 2)), UsageError);
    assert.throws(() => chooseNoise([]), UsageError);
  });
});
