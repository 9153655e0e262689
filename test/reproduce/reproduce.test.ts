import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import type { Plan } from "../../src/reproduce/plan.js";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { iresnet, start, waitForFile, writeMnist, type Finished } from "../cli/support.js";
import { temporaryFolder } from "../support/folder.js";

type Json = Record<string, unknown>;

const json = async (path: string): Promise<Json> =>
  JSON.parse(await readFile(path, "utf8")) as Json;

/** A reproduction whose process ended early. */
interface Begun extends Pick<Finished, "code" | "stderr"> {
  readonly folder: string;
  /** Steps that c-0.7 and c-0.5 have taken. */
  readonly steps: readonly number[];
  /** Of c-0.7. */
  readonly checkpoint: string;
}

/** A table without what time it took. */
async function numbersOf(folder: string): Promise<unknown> {
  const { rows, ...table } = await json(join(folder, "table.json"));
  const timeless = (rows as Json[]).map((row) => ({ ...row, trainingSeconds: 0 }));
  return { ...table, rows: timeless };
}

describe("reproduce", () => {
  const cwd = temporaryFolder();
  const total = 12;

  const rows = ["c-0.9", "c-0.7", "c-0.5"];

  /** Writes the folder of a reproduction that is planned, and hasn't begun. */
  async function writePlan(name: string, atOnce: number): Promise<string> {
    const row = { steps: total, presetSteps: 8000, secondsPerStep: 1, evaluationSeconds: 1 };
    const plan: Plan = {
      reproduction: "table-classification",
      command: "iresnet reproduce table-classification",
      data: join(cwd, "sets"),
      rows,
      budgetSeconds: 60,
      seed: 4,
      threads: 1,
      atOnce,
      tasks: rows.map((id) => ({ id, ...row, workers: 1, checkpointEvery: 2 })),
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

  /**
   * Begins one of which the first row is finished, two rows at once, and ends the process once both
   * of the others are under way.
   */
  async function beginAndEnd(name: string, signal: "SIGKILL" | "SIGINT"): Promise<Begun> {
    const folder = await writePlan(name, 2);
    await cp(join(cwd, "whole", "rows", "c-0.9.json"), join(folder, "rows", "c-0.9.json"));
    const { child, finished } = start(cwd, ...resume(name));
    const [one, other] = ["c-0.7", "c-0.5"].map((id) =>
      join(folder, "runs", id, "checkpoint.safetensors"),
    ) as [string, string];
    await Promise.all([one, other].map(waitForFile));
    child.kill(signal);
    const { code, stderr } = await finished;
    assert.ok(!existsSync(join(folder, "runs", "c-0.9")), "the finished row isn't begun again");
    const steps = await Promise.all(
      [one, other].map(async (path) => (await loadCheckpoint(path)).training?.step ?? 0),
    );
    assert.ok(
      steps.every((step) => step > 0),
      `steps ${steps.join()}`,
    );
    assert.ok(
      steps.some((step) => step < total),
      `steps ${steps.join()}`,
    );
    return { folder, code, stderr, steps, checkpoint: one };
  }

  it("that was killed gives the same table as one that wasn't, whatever ran at once", async () => {
    const whole = await writePlan("whole", 1);
    const done = await iresnet(cwd, ...resume("whole"));
    assert.equal(done.code, 0, done.stderr);

    const { folder, steps } = await beginAndEnd("killed", "SIGKILL");
    const resumed = await iresnet(cwd, ...resume("killed"));
    assert.equal(resumed.code, 0, resumed.stderr);
    steps.forEach((step, i) => {
      const line = `${["c-0.7", "c-0.5"][i]} +Going on from step ${step}\\.`;
      assert.match(resumed.stderr, new RegExp(line));
    });
    assert.doesNotMatch(resumed.stderr, /warning/);
    assert.deepEqual(await numbersOf(folder), await numbersOf(whole));
  });

  it("saves all rows on Ctrl-C, or if one crashes, and goes on to the same table", async () => {
    const { folder, code, stderr, checkpoint } = await beginAndEnd("stopped", "SIGINT");
    assert.equal(code, 130, stderr);
    assert.equal(stderr.match(/Stopping/g)?.length, 1);
    assert.match(stderr, /^Saved\. Go on with: iresnet reproduce .* --out stopped --resume$/m);

    await rename(checkpoint, `${checkpoint}.whole`);
    await writeFile(checkpoint, "damaged");
    const crashed = await iresnet(cwd, ...resume("stopped"));
    assert.equal(crashed.code, 1, crashed.stderr);
    assert.match(crashed.stderr, /^c-0\.7 +Failed, which stops all\.$/m);
    assert.match(crashed.stderr, /^error: .*checkpoint/m);
    assert.equal(await readFile(checkpoint, "utf8"), "damaged");

    await rename(`${checkpoint}.whole`, checkpoint);
    const resumed = await iresnet(cwd, ...resume("stopped"));
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.deepEqual(await numbersOf(folder), await numbersOf(join(cwd, "whole")));
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
        ["c-0.9", total],
        ["c-0.7", total],
        ["c-0.5", total],
      ],
    );
  });

  it("goes on as it began, or says what differs", async () => {
    const cases: [string[], RegExp][] = [
      [["--seed", "5"], /expected the seed that it began with, 4, got 5/],
      [["--rows", "c-0.9"], /expected the rows that it began with, c-0.9,c-0.7,c-0.5, got c-0.9/],
      [["--budget", "2m"], /expected the --budget that it began with, 60, got 120/],
      [["--at-once", "2"], /expected the --at-once that it began with, 1, got 2/],
      [["--workers", "2"], /expected the workers that it began with, auto, got 2/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await iresnet(cwd, ...resume("whole"), ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    const alike = await iresnet(cwd, ...resume("whole"), "--workers", "auto", "--device", "cpu");
    assert.equal(alike.code, 0, alike.stderr);
  });

  it("plans by what it measures, and states that first", async () => {
    const args = ["reproduce", "figure-toy", "--data", "moons", "--rows", "i-resnet"];
    const options = ["--threads", "1", "--out", "toy"];
    const within = (budget: string): ReturnType<typeof iresnet> =>
      iresnet(cwd, ...args, ...options, "--budget", budget);
    let planned = await within("1s");
    // A machine that has grown busier meanwhile is measured again, and needs more.
    for (let tries = 0; tries < 4 && (tries === 0 || planned.code !== 0); tries++) {
      assert.equal(planned.code, 2, planned.stderr);
      assert.equal(existsSync(join(cwd, "toy")), false);
      const least = /take at least --budget (\w+), or fewer --rows/.exec(planned.stderr)![1]!;
      planned = await within(least);
    }
    const { code, stdout, stderr } = planned;
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^row +steps +rate[^]*^i-resnet +\d+ of 4000 +\S+ steps\/s[^]*^i-resnet +train /m,
    );
    assert.match(stdout, /^moons +i-ResNet +\d+\.\d+ ± \S+ +0 /m);
    const { tasks, atOnce } = (await json(join(cwd, "toy", "plan.json"))) as unknown as Plan;
    assert.equal(tasks.length, 1);
    assert.equal(atOnce, 1);
    assert.ok(existsSync(join(cwd, "toy", "pictures", "densities.svg")));
    assert.equal((await json(join(cwd, "toy", "rows", "i-resnet.json"))).steps, tasks[0]!.steps);
  });

  it("refuses what it doesn't know, and what is in its way", async () => {
    const cases: [string[], RegExp][] = [
      [["table"], /Allowed choices are table-classification, table-density/],
      [["table-density", "--rows", "nicer"], /rows to be of nice, made.*got "nicer"/],
      [["table-density", "--data", "cifar"], /data to be one of mnist, cifar-10/],
      [["table-density", "--budget", "soon"], /such as 90s, 30m or 1h30m/],
      [["table-density", "--at-once", "0"], /whole number from 1 to /],
      [["table-density", "--at-once", "2", "--workers", "2"], /--workers: .* got 2 at once/],
      [["table-density", "--at-once", "2", "--device", "auto"], /--at-once: .*1 on device auto/],
      [["table-density", "--resume"], /expected a plan in runs\/table-density, got none/],
      [["table-density", "--out", "whole"], /got an earlier reproduction; resume it/],
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
