import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { presetConfig, shortened } from "../../src/reproduce/settings.js";
import { tasksOf } from "../../src/reproduce/tasks.js";
import { configure } from "../../src/runs/configuration.js";
import type { RunConfig } from "../../src/runs/run-folder.js";

describe("a row's run", () => {
  const length = { workers: 1, checkpointEvery: 7 };
  const config = (data: string, row: string): RunConfig => {
    const [task] = tasksOf("table-classification", { data, rows: [row] });
    return presetConfig(task!, { seed: 3, threads: 1, workers: 1 });
  };
  const boundOf = ({ model }: RunConfig): unknown => (model.config as { c: unknown }).c;

  it("has the row's bound, and the seed", () => {
    assert.equal(boundOf(config("mnist", "c-0.6")), 0.6);
    assert.equal(boundOf(config("mnist", "vanilla")), null);
    assert.equal(config("mnist", "vanilla").training.seed, 3);
  });

  it("is the preset's at the preset's length", () => {
    const whole = config("cifar-100", "c-0.9");
    const { training } = shortened(whole, { ...length, steps: whole.training.steps });
    assert.deepEqual(training, whole.training);
  });

  it("shortens milestones in proportion, and warm-up to a tenth at most", () => {
    const whole = configure("cifar-100-classifier-paper", {});
    const steps = whole.training.steps / 100;
    const { training, validateEvery, checkpointEvery } = shortened(whole, { ...length, steps });
    assert.equal(training.steps, steps);
    assert.ok(whole.training.schedule.kind === "step" && training.schedule.kind === "step");
    const before = whole.training.schedule.milestones;
    assert.deepEqual(
      training.schedule.milestones,
      before.map((at) => Math.round(at / 100)),
    );
    assert.equal(training.schedule.warmup, Math.ceil(steps / 10));
    assert.equal(validateEvery, Math.ceil(steps / 4));
    assert.equal(checkpointEvery, 7);

    const cosine = shortened(config("mnist", "c-0.9"), { ...length, steps: 2000 });
    assert.equal(cosine.training.schedule.warmup, 100);
  });
});
