import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClassificationCount } from "../../src/measure/classification-count.js";

const close = (got: number, expected: number): void => {
  assert.ok(Math.abs(got - expected) < 1e-6, `${got} for ${expected}`);
};

describe("ClassificationCount", () => {
  it("counts errors, likelihood, confusions and calibration, whatever the groups", () => {
    const probabilities = Float32Array.of(0.7, 0.3, 0.7, 0.3, 0.7, 0.3, 0.05, 0.95, 0.5, 0.5);
    const labels = [0, 0, 1, 1, 0];
    const whole = new ClassificationCount(["a", "b"]);
    whole.add(probabilities, labels);
    const found = whole.summary();
    // A tie is no answer, but the first of the two is told.
    assert.deepEqual([found.examples, found.errors, found.errorPercent], [5, 2, 40]);
    assert.deepEqual(found.confusion!.counts, [
      [3, 0],
      [1, 1],
    ]);
    const nats = [0.7, 0.7, 0.3, 0.95, 0.5].map((p) => -Math.log(p));
    const mean = nats.reduce((sum, one) => sum + one, 0) / 5;
    close(found.nll, mean);
    const variance = nats.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 4;
    close(found.nllStandardError!, Math.sqrt(variance / 5));
    // Of the posterior Beta(2 + 1/2, 3 + 1/2).
    close(found.errorStandardError!, 100 * Math.sqrt((2.5 * 3.5) / (6 ** 2 * 7)));
    const [half, seven, sure] = found.calibration!.bins;
    close(half!.right, 0);
    close(seven!.right, 2 / 3);
    close(sure!.probability, 0.95);
    close(found.calibration!.error, (1 * 0.5 + 3 * (0.7 - 2 / 3) + 1 * 0.05) / 5);
    const parts = new ClassificationCount(["a", "b"]);
    for (const i of labels.keys()) {
      parts.add(probabilities.subarray(2 * i, 2 * i + 2), [labels[i]!]);
    }
    close(parts.summary().nllStandardError!, found.nllStandardError!);
    assert.deepEqual(parts.summary().confusion, found.confusion);
  });

  it("isn't sure of an error of 0, leaves out what has no label, and takes NaN for wrong", () => {
    const count = new ClassificationCount(["a", "b"]);
    count.add(Float32Array.of(0.9, 0.1, 0.2, 0.8), [0, -1]);
    const { examples, errors, errorStandardError } = count.summary();
    assert.deepEqual([examples, errors], [1, 0]);
    assert.ok(errorStandardError! > 10);
    count.add(Float32Array.of(NaN, NaN), [1]);
    assert.equal(count.summary().errors, 1);
    assert.ok(Number.isNaN(count.summary().nll));
  });
});
