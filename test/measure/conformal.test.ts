import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DataError, UsageError } from "../../src/errors.js";
import { Conformal } from "../../src/measure/conformal.js";
import { Random } from "../../src/random.js";

const seeds = Array.from({ length: 20 }, (_, seed) => seed);

/** Scores as an anomaly score of real numbers has them, or of few distinct values. */
const kinds = {
  continuous: (random: Random, n: number) => random.normal(n),
  tied: (random: Random, n: number) => Float32Array.from(random.integers(n, 200)),
};

describe("Conformal", () => {
  it("counts held-out scores that are at least as high", () => {
    const conformal = new Conformal([1, 3, 2, 2]);
    assert.deepEqual(
      [0, 1, 1.5, 2, 3, 4].map((score) => conformal.pValue(score) * 5),
      [5, 5, 4, 4, 2, 1],
    );
    assert.equal(conformal.smallest, conformal.pValue(Infinity));
  });

  it("flags by a threshold exactly what has a p-value of at most the rate", () => {
    for (const draw of Object.values(kinds)) {
      const random = Random.fromSeed(1);
      const conformal = new Conformal(draw(random.split("held out"), 99));
      for (const rate of [0.005, 0.01, 0.05, 0.1, 0.29, 0.99]) {
        const threshold = conformal.threshold(rate);
        for (const score of draw(random.split("fresh"), 300)) {
          assert.equal(score > threshold, conformal.pValue(score) <= rate + 1e-12, `${rate}`);
        }
      }
    }
  });

  it("gives false alarms at the rate that was asked for", () => {
    const [held, fresh] = [999, 2000];
    for (const rate of [0.01, 0.05]) {
      const rates = seeds.map((seed) => {
        const random = Random.fromSeed(seed);
        const conformal = new Conformal(random.split("held out").normal(held));
        const scores = random.split("fresh").normal(fresh);
        return scores.filter((score) => conformal.pValue(score) <= rate).length / fresh;
      });
      const mean = rates.reduce((total, one) => total + one, 0) / seeds.length;
      // Binomial for the fresh rows, and as much again, by n, for the held-out ones.
      const variance = rate * (1 - rate) * (1 / fresh + 1 / held);
      const standardError = Math.sqrt(variance / seeds.length);
      assert.ok(Math.abs(mean - rate) < 3 * standardError, `${mean} for ${rate}`);
      assert.ok(rates.every((one) => Math.abs(one - rate) < 4 * Math.sqrt(variance)));
    }
  });

  it("gives no more false alarms than that where scores tie", () => {
    const flagged = seeds.map((seed) => {
      const random = Random.fromSeed(seed);
      const conformal = new Conformal(kinds.tied(random.split("held out"), 999));
      const scores = kinds.tied(random.split("fresh"), 2000);
      return scores.filter((score) => conformal.pValue(score) <= 0.05).length / 2000;
    });
    const mean = flagged.reduce((total, one) => total + one, 0) / seeds.length;
    assert.ok(mean < 0.053 && mean > 0.03, `${mean}`);
  });

  it("claims nothing that too few held-out rows can't show", () => {
    const conformal = new Conformal(new Float32Array(18));
    assert.equal(conformal.threshold(0.05), Infinity);
    assert.equal(new Conformal(new Float32Array(19)).threshold(0.05), 0);
  });

  it("says nothing of a score that isn't a number", () => {
    assert.ok(Number.isNaN(new Conformal([1, 2]).pValue(NaN)));
  });

  it("has a threshold for a rate just below 1: the lowest held-out score", () => {
    assert.equal(new Conformal([2, 1]).threshold(1 - 1e-10), 1);
  });

  it("refuses what isn't a score or a rate", () => {
    assert.throws(() => new Conformal([]), DataError);
    assert.throws(() => new Conformal([1, NaN]), DataError);
    for (const rate of [0, 1, NaN]) {
      assert.throws(() => new Conformal([1]).threshold(rate), UsageError);
    }
  });
});
