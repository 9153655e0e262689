import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alone, broadcast, localTransports } from "../../src/engine/index.js";
import { ShapeError } from "../../src/errors.js";

describe("local transports", () => {
  it("add in the order of ranks, whoever comes first, again and again", async () => {
    const [first, second, third] = localTransports(3);
    for (let round = 0; round < 3; round++) {
      const large = 2 ** 24;
      const sums = [
        third!.sum(Float32Array.of(1, round)),
        first!.sum(Float32Array.of(large, 10)),
        second!.sum(Float32Array.of(1, 100)),
      ];
      // (2^24 + 1) + 1 rounds to 2^24 twice, 1 + 1 + 2^24 doesn't.
      for (const sum of sums) assert.deepEqual([...(await sum)], [large, 110 + round]);
    }
  });

  it("refuse arrays of different lengths, to all", async () => {
    const [first, second] = localTransports(2);
    const sums = [first!.sum(new Float32Array(2)), second!.sum(new Float32Array(3))];
    for (const sum of sums) await assert.rejects(sum, ShapeError);
  });

  it("bring rank 0's numbers to all exactly", async () => {
    const numbers = Float64Array.of(Math.PI, -0, NaN, Infinity, 2 ** -1074, -1e300);
    const got = await Promise.all(
      localTransports(3).map((transport) =>
        broadcast(transport, transport.rank === 0 ? numbers : new Float64Array(6).fill(7)),
      ),
    );
    for (const array of got) assert.deepEqual(array, numbers);
    assert.deepEqual(await broadcast(alone, numbers), numbers);
  });
});
