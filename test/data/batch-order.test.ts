import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BatchOrder } from "../../src/data/batch-order.js";
import { UsageError } from "../../src/errors.js";
import { Random } from "../../src/random.js";

const options = { count: 10, batchSize: 3, random: Random.fromSeed(1) };

describe("BatchOrder", () => {
  const order = new BatchOrder(options);
  const epoch = (e: number) => [0, 1, 2].flatMap((k) => [...order.indices(3 * e + k)]);

  it("takes no example twice in an epoch and drops the rest", () => {
    assert.equal(order.stepsPerEpoch, 3);
    for (let e = 0; e < 20; e++) {
      assert.equal(new Set(epoch(e)).size, 9);
      assert.ok(epoch(e).every((i) => i >= 0 && i < 10));
    }
  });

  it("drops other examples in other epochs", () => {
    const uses = new Uint32Array(10);
    for (let e = 0; e < 100; e++) for (const i of epoch(e)) uses[i]! += 1;
    assert.ok(
      uses.every((n) => n < 100 && n > 75),
      uses.join(),
    );
    assert.notDeepEqual(epoch(0), epoch(1));
  });

  it("depends on the key and the step alone", () => {
    const steps = [7, 0, 1000, 1, 7, 2];
    const batches = steps.map((step) => order.indices(step));
    steps.forEach((step, i) => {
      assert.deepEqual(new BatchOrder(options).indices(step), batches[i]);
    });
    const other = new BatchOrder({ ...options, random: Random.fromSeed(2) });
    assert.notDeepEqual(other.indices(0), order.indices(0));
  });

  it("survives a caller that changes a batch", () => {
    const before = order.indices(0).slice();
    order.indices(0).fill(0);
    assert.deepEqual(order.indices(0), before);
  });

  it("takes a batch of the whole set", () => {
    const whole = new BatchOrder({ ...options, batchSize: 10 });
    assert.deepEqual(
      whole.indices(5).sort(),
      Uint32Array.from({ length: 10 }, (_, i) => i),
    );
  });

  it("rejects batch sizes the set cannot fill", () => {
    for (const batchSize of [0, -1, 1.5, 11, NaN]) {
      assert.throws(() => new BatchOrder({ ...options, batchSize }), UsageError);
    }
  });
});
