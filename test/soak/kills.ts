import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { readMetrics } from "../../src/train/metrics-file.js";
import { iresnet, start, writeRun } from "../cli/support.js";
import type { Soaked } from "./soaked.js";

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

/** Kills `count` times at random moments; every run must come to the same bits as one left alone. */
export async function soakKills(root: string, count: number): Promise<Soaked> {
  const failures: string[] = [];
  let [killed, runs] = [0, 0];
  for (const work of [training, reproduction]) {
    const cwd = join(root, work.name);
    const folder = join(cwd, "work");
    await work.prepare(folder);
    const begun = performance.now();
    const whole = await iresnet(cwd, ...work.args);
    const took = performance.now() - begun;
    assert.equal(whole.code, 0, whole.stderr);
    const expected = await work.outcome(folder);
    for (let kills = 0; kills < count / 2;) {
      await rm(folder, { recursive: true });
      await work.prepare(folder);
      try {
        kills += await killUntilDone(cwd, work, took, count / 2 - kills);
        assert.deepEqual(await work.outcome(folder), expected);
        await expectNoLitter(folder);
      } catch (error) {
        failures.push(`${work.name}, run ${runs + 1}: ${String(error)}`);
        if (failures.length === 5) return { figures: { killed, runs }, failures };
      }
      runs++;
      process.stderr.write(`${work.name}: ${kills} kills\n`);
    }
    killed += Math.ceil(count / 2);
  }
  return { figures: { killed, runs }, failures };
}

/** Begins a work, and goes on with it, until it is complete or was killed so often; tells how often. */
async function killUntilDone(cwd: string, work: Work, took: number, most: number): Promise<number> {
  for (let kills = 0; ;) {
    const { child, finished } = start(cwd, ...work.args);
    await Promise.race([finished, kills >= most ? finished : sleep(took * Math.random())]);
    child.kill("SIGKILL");
    const { code, stderr } = await finished;
    if (code === 0) return kills;
    if (child.signalCode === null) throw new Error(`code ${code}: ${stderr}`);
    kills++;
  }
}

async function expectNoLitter(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  const litter = names.filter((name) => name.endsWith(".tmp") || name.endsWith("lock.json"));
  assert.deepEqual(litter, []);
}
