import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { readMetrics } from "../../src/train/metrics-file.js";
import { iresnet, start, writeRun } from "../cli/support.js";

/** What is killed again and again until it is complete, and what must then be the same. */
interface Work {
  readonly name: string;
  readonly args: readonly string[];
  readonly prepare: (folder: string) => Promise<void>;
  readonly outcome: (folder: string) => Promise<unknown>;
}

const steps = 300;

const training: Work = {
  name: "train",
  args: ["train", "--resume", "work"],
  prepare: (folder) => writeRun(folder, "plane", { data: folder, steps }),
  outcome: async (folder) => {
    const { arrays, training: state } = await loadCheckpoint(folder);
    const metrics = await readMetrics(join(folder, "metrics.jsonl"));
    return { arrays, best: state?.best, steps: metrics.map(({ step }) => step) };
  },
};

const reproduction: Work = {
  name: "reproduce",
  args: ["reproduce", "figure-toy", "--out", "work", "--resume"],
  prepare: async (folder) => {
    await mkdir(folder, { recursive: true });
    const speed = { secondsPerStep: 0.01, evaluationSeconds: 1, workers: 1, checkpointEvery: 10 };
    const plan = {
      reproduction: "figure-toy",
      command: "",
      data: "moons",
      rows: ["nice"],
      budgetSeconds: 60,
      seed: 3,
      threads: 1,
      atOnce: 1,
      tasks: [{ id: "nice", steps, presetSteps: 5000, ...speed }],
    };
    await writeFile(join(folder, "plan.json"), JSON.stringify(plan));
  },
  outcome: async (folder) => {
    const text = await readFile(join(folder, "rows", "nice.json"), "utf8");
    return { ...(JSON.parse(text) as object), trainingSeconds: 0 };
  },
};

/** Kills `count` times at random moments; throws where a run doesn't come to the same bits. */
export async function soakKills(root: string, count: number): Promise<string> {
  let killed = 0;
  let finished = 0;
  for (const work of [training, reproduction]) {
    const cwd = join(root, work.name);
    const folder = join(cwd, "work");
    await work.prepare(folder);
    const begun = performance.now();
    const whole = await iresnet(cwd, ...work.args);
    const took = performance.now() - begun;
    assert.equal(whole.code, 0, whole.stderr);
    const expected = await work.outcome(folder);
    await cp(folder, join(cwd, "whole"), { recursive: true });
    for (let kills = 0; kills < count / 2;) {
      await rm(folder, { recursive: true });
      await work.prepare(folder);
      for (let isDone = false; !isDone;) {
        const { child, finished: end } = start(cwd, ...work.args);
        const isLast = kills >= count / 2;
        await Promise.race([end, isLast ? end : sleep(took * Math.random())]);
        child.kill("SIGKILL");
        const { code, stderr } = await end;
        if (child.signalCode === null) assert.equal(code, 0, stderr);
        else kills++;
        isDone = code === 0;
      }
      assert.deepEqual(await work.outcome(folder), expected);
      await expectNoLitter(folder);
      finished++;
    }
    killed += Math.ceil(count / 2);
  }
  return `${killed} kills in ${finished} runs, each of which came to the same bits and left nothing`;
}

async function expectNoLitter(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  const litter = names.filter((name) => name.endsWith(".tmp") || name.endsWith("lock.json"));
  assert.deepEqual(litter, []);
  assert.ok(existsSync(folder));
}
