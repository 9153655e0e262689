import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { loadCheckpoint, saveCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { DataError, FileError } from "../../src/errors.js";
import { withLock } from "../../src/files/lock.js";
import { continueRun } from "../../src/runs/continue.js";
import {
  expectTrains,
  readRunConfig,
  RunFolder,
  type RunConfig,
} from "../../src/runs/run-folder.js";
import { readMetrics } from "../../src/train/metrics-file.js";
import { iresnet, writeMnist, writeRun, type Finished } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

describe("a run that is complete", () => {
  const cwd = temporaryFolder();
  const folder = (name: string): RunFolder => new RunFolder(join(cwd, name));

  before(async () => {
    await writeMnist(join(cwd, "mnist"), 8);
    await writeRun(join(cwd, "run"), "classifier", { data: cwd, steps: 12 });
    succeeded(await iresnet(cwd, "train", "--resume", "run"));
  });

  function succeeded({ code, stderr }: Finished): void {
    assert.equal(code, 0, stderr);
  }

  async function copied(name: string): Promise<RunFolder> {
    await rm(join(cwd, name), { recursive: true, force: true });
    await cp(join(cwd, "run"), join(cwd, name), { recursive: true });
    return folder(name);
  }

  it("takes more steps as a stage of its own, whose bits an interruption leaves", async () => {
    const longer = await copied("longer");
    const change = ["--steps", "20", "--lr", "0.001"];
    succeeded(await iresnet(cwd, "train", "--resume", "longer", ...change));
    const { training, stages } = expectTrains(await readRunConfig(longer));
    assert.deepEqual(
      [training.steps, training.from, training.schedule.learningRate],
      [20, 12, 0.001],
    );
    assert.deepEqual(
      stages?.map(({ to }) => to),
      [12],
    );
    const metrics = await readMetrics(longer.metrics);
    assert.deepEqual(
      metrics.filter(({ stage }) => stage === 2).map(({ step }) => step),
      metrics.map(({ step }) => step).filter((step) => step > 12),
    );
    assert.equal(metrics.at(-1)?.learningRate, 0.001);

    // The newest state, as if the run had been killed before the first step of the stage.
    const again = await copied("again");
    await cp(longer.config, again.config);
    succeeded(await iresnet(cwd, "train", "--resume", "again"));
    const [a, b] = [await loadCheckpoint(longer.path), await loadCheckpoint(again.path)];
    assert.equal(b.training?.step, 20);
    assert.deepEqual(b.arrays, a.arrays);
  });

  it("needs steps to take", async () => {
    await copied("short");
    for (const change of [
      ["--steps", "12"],
      ["--lr", "0.1"],
    ]) {
      const { code, stderr } = await iresnet(cwd, "train", "--resume", "short", ...change);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /--steps: expected more than the 12 steps that the run has taken/);
    }
  });

  it("keeps a change only where nobody else holds it, and its data are there", async () => {
    const held = await copied("held");
    const config = await readFile(held.config, "utf8");
    await withLock(held.path, () =>
      assert.rejects(
        continueRun(held.path, { steps: 20 }),
        (error) => error instanceof FileError && error.message.includes("in use by"),
      ),
    );
    const missing = { steps: 20, dataDir: join(cwd, "nowhere") };
    await assert.rejects(continueRun(held.path, missing), DataError);
    assert.equal(await readFile(held.config, "utf8"), config);
  });

  it("says that its configuration was edited", async () => {
    const edited = await copied("edited");
    const config = JSON.parse(await readFile(edited.config, "utf8")) as RunConfig;
    const changed = { ...config, training: { ...config.training, batchSize: 4, ema: 0.5 } };
    await writeFile(edited.config, JSON.stringify(changed));
    const { code, stderr } = await iresnet(cwd, "train", "--resume", "edited");
    assert.equal(code, 1);
    assert.match(stderr, /config\.json: .*got another training\.batchSize, training\.ema; undo/);
  });

  it("goes on with a run that is older than a setting with a default", async () => {
    const old = await copied("old");
    const { training, ...config } = expectTrains(await readRunConfig(old));
    const { labelSmoothing, ...older } = training;
    assert.equal(labelSmoothing, 0);
    await writeFile(old.config, JSON.stringify({ ...config, training: older }));
    const checkpoint = await loadCheckpoint(old.checkpoint);
    const state = { ...checkpoint.training!, config: older };
    await saveCheckpoint(old.checkpoint, { ...checkpoint, training: state });
    succeeded(await iresnet(cwd, "train", "--resume", "old", "--steps", "14"));
  });

  it("starts another from its numbers", async () => {
    const from = ["train", "--from", "run", "--out", "tuned", "--lr", "1e-9", "--steps", "1"];
    succeeded(await iresnet(cwd, ...from, "--threads", "1"));
    const {
      from: file,
      data,
      training,
      engine,
    } = expectTrains(await readRunConfig(folder("tuned")));
    assert.equal(file, folder("run").best);
    assert.deepEqual([data.name, training.steps], ["mnist", 1]);
    assert.match(engine ?? "", /onnxruntime/);
    const [theirs, ours] = [await loadCheckpoint(file), await loadCheckpoint(join(cwd, "tuned"))];
    for (const [name, { data }] of Object.entries(theirs.arrays)) {
      if (!name.endsWith(".weight")) continue;
      data.forEach((value, i) => {
        assert.ok(Math.abs(ours.arrays[name]!.data[i]! - value) < 1e-6, name);
      });
    }
    await rm(folder("tuned").checkpoint);
    await assert.rejects(continueRun(folder("tuned").path, {}), {
      name: "FileError",
      message: /checkpoint\.safetensors: expected the numbers .* --from .*run.best\.safetensors/,
    });
    const wrong = await iresnet(cwd, "train", "--from", "run", "--out", "x", "--c", "0.5");
    assert.equal(wrong.code, 2, wrong.stderr);
    assert.match(wrong.stderr, /--from: expected no option of the model/);
  });

  it("never began is no obstacle to another of its name", async () => {
    await writeRun(join(cwd, "never"), "plane", { data: cwd, steps: 3 });
    await writeFile(`${folder("never").config}.1073741824-0123abcd.tmp`, "half");
    const args = ["train", "nice-toy", "--out", "never", "--steps", "1", "--threads", "1"];
    succeeded(await iresnet(cwd, ...args));
    const { code, stderr } = await iresnet(cwd, ...args);
    assert.equal(code, 2);
    assert.match(stderr, /got an earlier run; resume it/);
  });
});
