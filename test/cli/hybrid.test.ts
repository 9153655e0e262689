import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { iresnet, writeMnist, writeRun } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

describe("a hybrid on the command line", () => {
  const cwd = temporaryFolder();

  before(async () => {
    await writeMnist(join(cwd, "mnist"), 8);
    await writeRun(join(cwd, "run"), "hybrid", { data: cwd, steps: 20 });
    const { code, stderr } = await iresnet(cwd, "train", "--resume", "run", "--workers", "1");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /val objective \(nats\)/);
    assert.match(stderr, /val error \(%\)/);
    assert.match(stderr, /val bits\/dim/);
  });

  it("is evaluated as a classifier and as a density", async () => {
    const { code, stdout, stderr } = await iresnet(
      cwd,
      "evaluate",
      "run",
      "--terms",
      "3",
      "--json",
    );
    assert.equal(code, 0, stderr);
    const { task, objective, classification, density } = JSON.parse(stdout) as {
      task: string;
      objective: number;
      classification: { errorPercent: number; nll: number };
      density: { value: number; unit: string; terms: number };
    };
    assert.equal(task, "hybrid");
    assert.ok(classification.errorPercent >= 0 && classification.errorPercent <= 100);
    assert.deepEqual([density.unit, density.terms], ["bits/dim", 3]);
    const expected = classification.nll + density.value * Math.LN2;
    assert.ok(Math.abs(objective - expected) < 1e-9, `${objective}, not ${expected}`);
  });

  it("reports both, and says so", async () => {
    const { stdout } = await iresnet(cwd, "evaluate", "run", "--terms", "3");
    for (const label of ["error", "-log p(class | x)", "bits/dim", "objective"]) {
      assert.ok(stdout.includes(label), label);
    }
    const report = readFileSync(join(cwd, "run", "report.html"), "utf8");
    assert.ok(report.includes("test error") && report.includes("test negative log-likelihood"));
  });

  it("samples", async () => {
    const { code, stderr } = await iresnet(cwd, "sample", "run", "--count", "4", "--out", "s.svg");
    assert.equal(code, 0, stderr);
    assert.match(
      readFileSync(join(cwd, "s.svg"), "utf8"),
      />4 samples: i-ResNet hybrid on mnist, temperature 1</,
    );
  });
});
