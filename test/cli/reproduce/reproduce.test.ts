import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import type { Plan } from "../../../src/cli/reproduce/plan.js";
import { loadCheckpoint } from "../../../src/train/checkpoint-file.js";
import { iresnet, start, temporaryFolder, waitForFile, writeMnist } from "../support.js";

type Json = Record<string, unknown>;

const json = async (path: string): Promise<Json> =>
  JSON.parse(await readFile(path, "utf8")) as Json;

/** A table without what time it took. */
async function numbersOf(folder: string): Promise<unknown> {
  const { rows, ...table } = await json(join(folder, "table.json"));
  const timeless = (rows as Json[]).map((row) => ({ ...row, trainingSeconds: 0 }));
  return { ...table, rows: timeless };
}

describe("reproduce", () => {
  const cwd = temporaryFolder();
  const steps = 12;

  /** Writes the folder of a reproduction that is planned, and hasn't begun. */
  async function writePlan(name: string): Promise<string> {
    const row = { steps, presetSteps: 8000, secondsPerStep: 1, evaluationSeconds: 1 };
    const plan: Plan = {
      reproduction: "table-classification",
      command: "iresnet reproduce table-classification",
      data: join(cwd, "sets"),
      rows: ["c-0.9", "c-0.5"],
      budgetSeconds: 60,
      seed: 4,
      threads: 1,
      workers: 1,
      tasks: ["c-0.9", "c-0.5"].map((id) => ({ id, ...row, workers: 1, checkpointEvery: 2 })),
    };
    await mkdir(join(cwd, name));
    await writeFile(join(cwd, name, "plan.json"), JSON.stringify(plan));
    return join(cwd, name);
  }

  const resume = (name: string): string[] => [
    "reproduce",
    "table-classification",
    "--out",
    name,
    "--resume",
  ];

  before(() => writeMnist(join(cwd, "sets", "mnist"), 28));

  it("that was killed gives the same table as one that wasn't", async () => {
    const whole = await writePlan("whole");
    const done = await iresnet(cwd, ...resume("whole"));
    assert.equal(done.code, 0, done.stderr);

    // Of which the first row is finished: its file says all, and its run isn't needed any more.
    const killed = await writePlan("killed");
    await cp(join(whole, "rows", "c-0.9.json"), join(killed, "rows", "c-0.9.json"));
    const { child, finished } = start(cwd, ...resume("killed"));
    const second = join(killed, "runs", "c-0.5", "checkpoint.safetensors");
    await waitForFile(second);
    child.kill("SIGKILL");
    await finished;
    const { training } = await loadCheckpoint(second);
    assert.ok(training && training.step > 0 && training.step < steps, `step ${training?.step}`);
    assert.ok(!existsSync(join(killed, "runs", "c-0.9")), "the first row isn't begun again");
    assert.ok(!existsSync(join(killed, "rows", "c-0.5.json")));

    const resumed = await iresnet(cwd, ...resume("killed"));
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, new RegExp(`Going on from step ${training.step}\\.`));
    assert.doesNotMatch(resumed.stderr, /warning/);
    assert.deepEqual(await numbersOf(killed), await numbersOf(whole));
  });

  it("leaves a table, with the paper's numbers and every deviation, and a report", async () => {
    const done = await iresnet(cwd, ...resume("whole"));
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^system +test error, % +published +inverse/);
    assert.match(done.stdout, /^i-ResNet, c = 0\.9 +\d+\.\d\d +0\.4 +guaranteed, L = 0\.\d+/m);
    assert.match(done.stdout, /^i-ResNet, c = 0\.5 +\d+\.\d\d +0\.86 +guaranteed, L = 0\.\d+/m);
    assert.match(done.stdout, /^c-0\.9 +size +[\d,]+ parameters, blocks 4-4.* 7-7-7 blocks/m);
    assert.match(
      done.stdout,
      /^c-0\.9 +training +\S+ epochs of 72: 12 of 8,000 steps.* 200 epochs$/m,
    );
    assert.match(done.stdout, /^c-0\.9 +pixels +28x28, standardised, affine augmentation/m);

    const report = readFileSync(join(cwd, "whole", "report.html"), "utf8");
    for (const heading of ["Results", "Figures", "Deviations"]) {
      assert.ok(report.includes(`<h2>${heading}</h2>`), heading);
    }
    const machine = await iresnet(cwd, ...resume("whole"), "--json");
    const { rows } = JSON.parse(machine.stdout) as { rows: Json[] };
    assert.deepEqual(
      rows.map(({ row, steps: taken }) => [row, taken]),
      [
        ["c-0.9", steps],
        ["c-0.5", steps],
      ],
    );
  });

  it("goes on as it began, or says what differs", async () => {
    const cases: [string[], RegExp][] = [
      [["--seed", "5"], /expected the seed that it began with, 4, got 5/],
      [["--rows", "c-0.9"], /expected the rows that it began with, c-0.9,c-0.5, got c-0.9/],
      [["--budget", "2m"], /expected the budgetSeconds that it began with, 60, got 120/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await iresnet(cwd, ...resume("whole"), ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });

  it("plans by what it measures, and states that first", async () => {
    const args = ["reproduce", "figure-toy", "--data", "moons", "--rows", "i-resnet"];
    const options = ["--budget", "1s", "--threads", "1", "--out", "toy"];
    const { code, stdout, stderr } = await iresnet(cwd, ...args, ...options);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^row +steps +rate[^]*^i-resnet +\d+ of 2000 +\S+ steps\/s[^]*^train /m);
    assert.match(stdout, /^moons +i-ResNet +\d+\.\d+ ± \S+ +0 /m);
    const { tasks } = (await json(join(cwd, "toy", "plan.json"))) as unknown as Plan;
    assert.equal(tasks.length, 1);
    assert.ok(existsSync(join(cwd, "toy", "pictures", "densities.png")));
    assert.equal((await json(join(cwd, "toy", "rows", "i-resnet.json"))).steps, tasks[0]!.steps);
  });

  it("refuses what it doesn't know, and what is in its way", async () => {
    const cases: [string[], RegExp][] = [
      [["table"], /Allowed choices are table-classification, table-density/],
      [["table-density", "--rows", "nicer"], /--rows to be of nice, made.*got "nicer"/],
      [["table-density", "--data", "cifar"], /--data to be one of mnist, cifar-10/],
      [["table-density", "--budget", "soon"], /such as 90s, 30m or 1h30m/],
      [["table-density", "--resume"], /expected a plan in runs\/table-density, got none/],
      [["table-density", "--out", "whole"], /got an earlier reproduction; go on with --resume/],
      [["table-density", "--out", "sets"], /got one that is no reproduction/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await iresnet(cwd, "reproduce", ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^ {4}at /m);
    }
  });
});
