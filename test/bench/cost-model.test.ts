import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { allreduceMilliseconds, networkOf, slowest } from "../../bench/cost-model.js";
import { Random } from "../../src/random.js";

const network = { latency: 20, bandwidth: 1000 };

describe("the model of what ranks cost", () => {
  it("takes no time alone, and at most twice that of the bytes on many ranks", () => {
    assert.equal(allreduceMilliseconds(1, { ...network, parameters: 1e6 }), 0);
    // Two messages of 20 µs, and 4 MB at 1 GB/s.
    assert.ok(Math.abs(allreduceMilliseconds(2, { ...network, parameters: 1e6 }) - 4.04) < 1e-9);
    const many = allreduceMilliseconds(1024, { latency: 0, bandwidth: 1000, parameters: 1e6 });
    assert.ok(many < 8 && many > 7.9, String(many));
  });

  it("finds the network again that a sum's time was made of", () => {
    const parameters = 44_292;
    const one = allreduceMilliseconds(2, { ...network, parameters: 0 });
    const all = allreduceMilliseconds(2, { ...network, parameters });
    const { latency, bandwidth } = networkOf({ one, all }, parameters);
    assert.ok(Math.abs(latency / network.latency - 1) < 1e-9, String(latency));
    assert.ok(Math.abs(bandwidth / network.bandwidth - 1) < 1e-9, String(bandwidth));
  });

  it("waits for the slowest as draws do, σ/√π of two", () => {
    assert.ok(Math.abs(slowest(2, 3) - 3 / Math.sqrt(Math.PI)) < 1e-3);
    assert.ok(Math.abs(slowest(1, 3)) < 1e-3);
    const [ranks, steps] = [16, 4000];
    const draws = Random.fromSeed(1).normal(ranks * steps);
    let total = 0;
    for (let step = 0; step < steps; step++) {
      total += Math.max(...draws.subarray(step * ranks, (step + 1) * ranks));
    }
    assert.ok(Math.abs(slowest(16, 1) - total / steps) < 0.04, String(total / steps));
  });
});
