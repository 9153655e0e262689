import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as soon } from "node:timers/promises";
import { workAtOnce } from "../../src/reproduce/at-once.js";

describe("workAtOnce", () => {
  it("begins items in their order, so many at once", async () => {
    const begun: number[] = [];
    const counts: number[] = [];
    let underWay = 0;
    await workAtOnce([3, 1, 4, 1, 5, 9], 2, async (item) => {
      begun.push(item);
      counts.push(++underWay);
      for (let i = 0; i < item; i++) await soon();
      underWay--;
    });
    assert.deepEqual(begun, [3, 1, 4, 1, 5, 9]);
    assert.deepEqual(counts, [1, 2, 2, 2, 2, 2]);
    assert.equal(underWay, 0);
  });

  it("begins no further one once one has failed, and lets those under way end first", async () => {
    const ended: string[] = [];
    const work = async (item: string): Promise<void> => {
      await soon();
      if (item === "bad") throw new Error("bad item");
      await soon();
      await soon();
      ended.push(item);
    };
    await assert.rejects(workAtOnce(["bad", "good", "late"], 2, work), /bad item/);
    assert.deepEqual(ended, ["good"]);
  });
});
