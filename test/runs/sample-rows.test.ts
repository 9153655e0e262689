import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { UsageError } from "../../src/errors.js";
import { nice } from "../../src/models/index.js";
import { Random } from "../../src/random.js";
import { openModel } from "../../src/runner/index.js";
import type { Listener, TaskProgress } from "../../src/runs/listener.js";
import { drawRows, writeSamples } from "../../src/runs/sample-rows.js";
import { closeAfter } from "../support/engine.js";
import { temporaryFolder } from "../support/folder.js";

const engine = await nodeEngine({ threads: 1 });
const model = nice({ shape: [2], couplings: 2, hidden: [4] });
const runner = await openModel(model, model.scope.initialArrays(Random.fromSeed(1)), { engine });
const folder = temporaryFolder();
closeAfter(runner, engine);

const draw = drawRows(runner, { random: Random.fromSeed(2) });
const told: TaskProgress[] = [];
const listener: Listener = {
  progress: (task) => told.push(task),
  note: () => undefined,
  warn: () => undefined,
  report: () => undefined,
  named: () => listener,
};
const { signal } = new AbortController();

describe("writeSamples", () => {
  it("writes rows as they are drawn: the fewer are the first of more, in any format", async () => {
    for (const [ending, headed] of [
      [".csv", 0],
      [".tsv", 0],
      [".jsonl", 0],
      [".npy", 128],
    ] as const) {
      const [few, more] = [3000, 4500].map((count) => [count, join(folder, `${count}${ending}`)]);
      for (const [count, path] of [few, more] as [number, string][]) {
        await writeSamples(path, count, draw, { listener, signal });
      }
      const [short, long] = [few, more].map((one) =>
        readFileSync(String(one![1])).subarray(headed),
      );
      assert.ok(short!.length > 3000 && long!.length > 1.4 * short!.length);
      assert.ok(long!.subarray(0, short!.length).equals(short!), ending);
    }
    const { done, total } = told.at(-1)!;
    assert.deepEqual([done, total, told.length], [4500, 4500, 4 * (2 + 3)]);
  });

  it("ends by a signal, and leaves nothing", async () => {
    const names = readdirSync(folder);
    const controller = new AbortController();
    const stopping = async (count: number, first: number) => {
      if (first > 0) controller.abort();
      return draw(count, first);
    };
    const path = join(folder, "stopped.csv.gz");
    const watch = { listener, signal: controller.signal };
    await assert.rejects(writeSamples(path, 1e9, stopping, watch), { name: "AbortError" });
    assert.deepEqual(readdirSync(folder), names);
  });

  it("refuses more rows than an .npz can hold in memory, before it draws them all", async () => {
    const path = join(folder, "a.npz");
    await assert.rejects(writeSamples(path, 1e9, draw, { listener, signal }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(
        error.message,
        /at most 67108864 cells in an \.npz, .* got 1000000000 rows of 2/,
      );
      return true;
    });
  });
});
