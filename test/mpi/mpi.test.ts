import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { continueRun } from "../../src/runs/continue.js";
import { RunFolder } from "../../src/runs/run-folder.js";
import type { Arrays } from "../../src/tree.js";
import {
  iresnet,
  mainFile,
  startProgram,
  waitForFile,
  writeMnist,
  writeRun,
  type Finished,
} from "../cli/support.js";
import { assertClose } from "../support/values.js";
import { temporaryFolder } from "../support/folder.js";

/** What starts ranks, with its options; nothing where it doesn't work. */
function launcher(name: string, ...options: readonly string[]): readonly string[] | undefined {
  try {
    execFileSync(name, [...options, "-np", "2", "true"], { stdio: "ignore", timeout: 60_000 });
    return [name, ...options];
  } catch {
    return undefined;
  }
}

const openMpi =
  launcher("mpirun.openmpi", "--allow-run-as-root", "--oversubscribe") ??
  launcher("mpirun", "--allow-run-as-root", "--oversubscribe");
const mpich = launcher("mpiexec.mpich");

/** Starts the command line as several ranks. */
function startRanks(
  cwd: string,
  [name, ...options]: readonly string[],
  ranks: number,
  ...args: readonly string[]
): ReturnType<typeof startProgram> {
  const command = [...options, "-np", String(ranks), process.execPath, mainFile, ...args];
  return startProgram(cwd, name!, command);
}

/** The process of a rank that mpirun started. */
function pidOfRank(mpirun: number, rank: number): number {
  const children = readFileSync(`/proc/${mpirun}/task/${mpirun}/children`, "utf8");
  const pid = children
    .split(" ")
    .filter(Boolean)
    .find((child) =>
      readFileSync(`/proc/${child}/environ`, "utf8")
        .split("\0")
        .includes(`OMPI_COMM_WORLD_RANK=${rank}`),
    );
  return Number(pid);
}

function assertSameArrays(actual: Arrays, expected: Arrays, tolerance: number): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, { data }] of Object.entries(expected)) {
    assertClose(actual[name]!.data, data, tolerance, name);
  }
}

describe("ranks of MPI", { skip: openMpi ? false : "needs mpirun of Open MPI" }, () => {
  const cwd = temporaryFolder();
  const at = (name: string): string => join(cwd, name);
  const train = async (
    ranks: number,
    run: string,
    start: readonly string[] = openMpi!,
  ): Promise<Finished> => {
    const args = ["train", "--resume", run, "--threads", "1"];
    return ranks === 0
      ? iresnet(cwd, ...args, "--workers", "1")
      : startRanks(cwd, start, ranks, ...args, "--mpi").finished;
  };
  const arraysOf = async (run: string): Promise<Arrays> => (await loadCheckpoint(at(run))).arrays;

  before(() => writeMnist(at("mnist"), 8));

  // Batch normalisation leaves shifts before it no gradient but rounding, which Adam scales to steps.
  for (const [model, optimizer] of [
    ["density", "adam"],
    ["classifier", "sgd"],
  ] as const) {
    it(`take the steps of one process, up to rounding, and repeat bit for bit: ${model}`, async () => {
      for (const name of ["one", "two", "again"]) {
        await writeRun(at(`${model}-${name}`), model, { data: cwd, steps: 20, optimizer });
      }
      const one = await train(0, `${model}-one`);
      assert.equal(one.code, 0, one.stderr);
      const two = await train(2, `${model}-two`);
      assert.equal(two.code, 0, two.stderr);
      // Rank 0 alone has printed.
      assert.equal(two.stdout.match(/Report:/g)?.length, 1);
      assert.equal(two.stderr.match(/20\/20 /g)?.length, one.stderr.match(/20\/20 /g)?.length);
      assert.match(two.stderr, /2 ranks, Open MPI/);
      assert.equal((await train(2, `${model}-again`)).code, 0);
      const [whole, shared] = [await arraysOf(`${model}-one`), await arraysOf(`${model}-two`)];
      assert.deepEqual(await arraysOf(`${model}-again`), shared);
      assertSameArrays(shared, whole, 1e-5);
      const { engine } = JSON.parse(readFileSync(at(`${model}-two/config.json`), "utf8")) as {
        engine: string;
      };
      assert.match(engine, /^2 ranks of onnxruntime-node .* 1 thread/);
    });
  }

  it("go on from a checkpoint of another number of ranks, with a warning", async () => {
    await cp(at("density-two"), at("more"), { recursive: true });
    await continueRun(at("more"), { steps: 30 });
    const { code, stderr } = await train(4, "more");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /warning: the run began on 2 ranks of .*, not 4 ranks of /);
    assert.equal((await loadCheckpoint(at("more"))).training?.step, 30);
  });

  it("end within 10 s once one is killed, and go on to the same bits", async () => {
    const steps = 300;
    for (const name of ["killed", "whole"]) {
      await writeRun(at(name), "density", { data: cwd, steps });
    }
    const args = ["train", "--resume", "killed", "--threads", "1", "--mpi"];
    const { child, finished } = startRanks(cwd, openMpi!, 2, ...args);
    await waitForFile(at("killed/checkpoint.safetensors"));
    const killedAt = performance.now();
    process.kill(pidOfRank(child.pid!, 1), "SIGKILL");
    const { code, stderr } = await finished;
    assert.ok(performance.now() - killedAt < 10_000);
    assert.notEqual(code, 0);
    assert.match(stderr, /rank 1 .*exited on signal 9/s);
    const { training } = await loadCheckpoint(at("killed"));
    assert.ok(training && training.step > 0 && training.step < steps, `step ${training?.step}`);
    const resumed = await train(2, "killed");
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.equal((await train(2, "whole")).code, 0);
    assert.deepEqual(await arraysOf("killed"), await arraysOf("whole"));
  });

  it("save once one is asked to end, and say how to go on", async () => {
    await writeRun(at("ended"), "density", { data: cwd, steps: 3000 });
    const args = ["train", "--resume", "ended", "--threads", "1", "--mpi"];
    const { child, finished } = startRanks(cwd, openMpi!, 2, ...args);
    await waitForFile(at("ended/checkpoint.safetensors"));
    process.kill(pidOfRank(child.pid!, 1), "SIGTERM");
    const { code, stderr } = await finished;
    assert.equal(code, 143, stderr);
    assert.match(stderr, /Go on with: iresnet train --resume ended/);
    const { training } = await loadCheckpoint(at("ended"));
    assert.ok(training && training.step < 3000, `step ${training?.step}`);
  });

  it("end in order if what came of the run can't be saved", async () => {
    await writeRun(at("unsaved"), "density", { data: cwd, steps: 4 });
    await mkdir(new RunFolder(at("unsaved")).evaluation("validation"));
    const { code, stderr } = await train(2, "unsaved");
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error: .*evaluation-validation\.json/);
    assert.doesNotMatch(stderr, /signal 9/);
  });

  it("say once what is wrong", async () => {
    await writeRun(at("odd"), "density", { data: cwd, steps: 4 });
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["--resume", "odd", "--workers", "2"], /--mpi: expected ranks with one worker/],
      [["--data", "my.csv"], /--mpi: expected a preset or --resume beside it/],
      [["--resume", "nowhere"], /nowhere.config\.json/],
      [["toy", "--batch-size", "15"], /divides the batch of 15, got 2/],
    ];
    for (const [args, message] of wrong) {
      const { child, finished } = startRanks(cwd, openMpi!, 2, "train", ...args, "--mpi");
      const { code, stderr } = await finished;
      assert.notEqual(code, 0);
      assert.match(stderr, message);
      assert.equal(stderr.match(/error:/g)?.length, 1, stderr);
      assert.doesNotMatch(stderr, /^ {4}at /m);
      assert.ok(child.exitCode !== null);
    }
  });

  it("may be started by MPICH", { skip: mpich ? false : "needs mpiexec of MPICH" }, async () => {
    await writeRun(at("mpich"), "density", { data: cwd, steps: 20 });
    const { code, stderr } = await train(2, "mpich", mpich);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /2 ranks, MPICH/);
    assertSameArrays(await arraysOf("mpich"), await arraysOf("density-one"), 1e-5);
  });
});
