import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { readMetrics } from "../../src/train/metrics-file.js";
import { iresnet, start, writeMnist, writeRun } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

describe("a run that a signal ends", { skip: process.platform === "win32" }, () => {
  const cwd = temporaryFolder();
  const steps = 60;

  before(async () => {
    await writeMnist(join(cwd, "mnist"), 8);
    await writeRun(join(cwd, "whole"), "classifier", { data: cwd, steps });
    const { code, stderr } = await iresnet(cwd, "train", "--resume", "whole");
    assert.equal(code, 0, stderr);
  });

  const moments = {
    "while it trains": /train +\d/,
    "after its last step": /evaluate validation|step +60\/60/,
  };
  for (const [moment, pattern] of Object.entries(moments)) {
    it(`${moment} stops within 2 s, and goes on to the same bits`, async () => {
      await rm(join(cwd, "run"), { recursive: true, force: true });
      await writeRun(join(cwd, "run"), "classifier", { data: cwd, steps });
      const { child, finished } = start(cwd, "train", "--resume", "run");
      await waitFor(child, pattern);
      const at = performance.now();
      child.kill("SIGTERM");
      const { code, stderr } = await finished;
      assert.ok(performance.now() - at < 2000, `${performance.now() - at} ms`);
      // What is done before the signal arrives is done.
      if (code !== 0) {
        assert.equal(code, 143, stderr);
        assert.match(stderr, /Saved\. Go on with: iresnet train --resume run/);
      }
      const resumed = await iresnet(cwd, "train", "--resume", "run");
      assert.equal(resumed.code, 0, resumed.stderr);
      const [a, b] = [
        await loadCheckpoint(join(cwd, "whole")),
        await loadCheckpoint(join(cwd, "run")),
      ];
      assert.deepEqual(b.arrays, a.arrays);
      assert.deepEqual(b.training?.best, a.training?.best);
      const stepsOf = async (run: string): Promise<number[]> =>
        (await readMetrics(join(cwd, run, "metrics.jsonl"))).map(({ step }) => step);
      assert.deepEqual(await stepsOf("run"), await stepsOf("whole"));
    });
  }

  it("twice ends at once, by the signal itself", async () => {
    for (const pause of [0, 5, 50]) {
      await rm(join(cwd, "run"), { recursive: true, force: true });
      await writeRun(join(cwd, "run"), "classifier", { data: cwd, steps: 100_000 });
      const { child, finished } = start(cwd, "train", "--resume", "run");
      await waitFor(child, /train +\d/);
      child.kill("SIGINT");
      await sleep(pause);
      child.kill("SIGINT");
      const { code, stderr } = await finished;
      // Either the second one came in time, or the first was enough.
      if (child.signalCode === null) assert.equal(code, 130, stderr);
      else assert.equal(child.signalCode, "SIGINT");
      assert.doesNotMatch(stderr, /terminate called|Napi/);
    }
  });
});

/** Waits until a process has printed this. */
function waitFor(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr!.on("data", (part: string) => {
      text += part;
      if (pattern.test(text)) resolve();
    });
    child.on("close", () => {
      reject(new Error(`expected ${pattern} on stderr, got ${text}`));
    });
  });
}
