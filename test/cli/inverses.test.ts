import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { iresnet, writeMnist, writeRun } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

describe("a run of a model without an inverse", () => {
  const cwd = temporaryFolder();
  let trained: Awaited<ReturnType<typeof iresnet>>;

  before(async () => {
    await writeMnist(join(cwd, "mnist"), 8);
    await writeRun(join(cwd, "resnet"), "resnet", { data: cwd, steps: 20 });
    trained = await iresnet(cwd, "train", "--resume", "resnet");
  });

  it("trains, and says so in place of the inverse's error", () => {
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(trained.stdout, /^error +\d+\.\d\d ± \d+\.\d\d %/m);
    assert.match(trained.stdout, /^This model has no inverse\.$/m);
    assert.doesNotMatch(trained.stderr, /warning/);
    const report = readFileSync(join(cwd, "resnet", "report.html"), "utf8");
    assert.ok(!report.includes("<h2>Inverse</h2>"));
    assert.ok(!existsSync(join(cwd, "resnet", "reconstruction.json")));
  });

  it("evaluates and describes itself", async () => {
    const evaluated = await iresnet(cwd, "evaluate", "resnet", "--json");
    assert.equal(evaluated.code, 0, evaluated.stderr);
    assert.equal((JSON.parse(evaluated.stdout) as { task: string }).task, "classification");
    const described = await iresnet(cwd, "info", "resnet");
    assert.equal(described.code, 0, described.stderr);
    assert.match(described.stdout, /^This model has no inverse\.$/m);
  });

  it("refuses to reconstruct, and names what would", async () => {
    const { code, stdout, stderr } = await iresnet(cwd, "reconstruct", "resnet");
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^error: reconstruct: expected a model with an inverse, got resnet, which has none; take one that has, such as i-resnet-classifier or i-resnet-density$/m,
    );
  });
});

describe("a run of a model with a closed inverse", () => {
  const cwd = temporaryFolder();

  it("comes back, and shows no iterations", async () => {
    await writeMnist(join(cwd, "mnist"), 8);
    await writeRun(join(cwd, "nice"), "nice", { data: cwd, steps: 20 });
    const trained = await iresnet(cwd, "train", "--resume", "nice", "--json");
    assert.equal(trained.code, 0, trained.stderr);
    assert.doesNotMatch(trained.stderr, /warning/);
    const { reconstruction } = JSON.parse(trained.stdout) as {
      reconstruction: { maxError: number; lipschitz: null; curve: unknown[] };
    };
    assert.ok(reconstruction.maxError <= 1e-3, String(reconstruction.maxError));
    assert.equal(reconstruction.lipschitz, null);
    assert.deepEqual(reconstruction.curve, []);
    assert.ok(!existsSync(join(cwd, "nice", "pictures", "inverse-error.svg")));
    assert.ok(existsSync(join(cwd, "nice", "pictures", "reconstructions.svg")));

    const described = await iresnet(cwd, "info", "nice");
    assert.match(described.stdout, /^No residual blocks: /m);
  });
});
