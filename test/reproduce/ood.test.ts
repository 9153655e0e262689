import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { ReproductionFolder } from "../../src/reproduce/folder.js";
import { openOodPlan, reproduceOod } from "../../src/reproduce/ood.js";
import { openNormals, openOutliers } from "../../src/reproduce/ood-data.js";
import { presentOod } from "../../src/reproduce/ood-present.js";
import type { OodResult } from "../../src/reproduce/ood-result.js";
import type { Listener } from "../../src/runs/listener.js";
import { iresnet, writeMnist } from "../cli/support.js";
import { temporaryFolder } from "../support/folder.js";

const silent: Listener = {
  progress: () => undefined,
  note: () => undefined,
  warn: () => undefined,
  report: () => undefined,
  named: () => silent,
};

describe("figure-ood", () => {
  const cwd = temporaryFolder();
  const sets = join(cwd, "sets");
  const folder = new ReproductionFolder(join(cwd, "ood"));
  const { signal } = new AbortController();
  let results: readonly OodResult[];

  before(async () => {
    await writeMnist(join(sets, "mnist"), 8);
    // Of Fashion-MNIST there is only what it is tested on.
    await writeMnist(join(sets, "all"), 8);
    await mkdir(join(sets, "fashion-mnist"));
    for (const part of ["images-idx3", "labels-idx1"]) {
      const name = `t10k-${part}-ubyte`;
      await rename(join(sets, "all", name), join(sets, "fashion-mnist", name));
    }
    await rm(join(sets, "all"), { recursive: true });
    const plan = await openOodPlan(
      { data: sets, budgetSeconds: 4, threads: 1, count: 15 },
      folder,
      { resume: false },
    );
    assert.deepEqual(plan.rows, ["mnist", "fashion-mnist"]);
    results = (await reproduceOod(plan, folder, { listener: silent, signal }))!;
    await presentOod(plan, results, folder);
  });

  it("learns most test images of a set without others, and scores the rest", async () => {
    const { data, source } = await openNormals("fashion-mnist", sets);
    assert.match(source, /first 16 of its test images/);
    assert.equal((await data.split("train")).count + (await data.split("validation")).count, 16);
    const test = await data.split("test");
    const whole = await (await openNormals("mnist", sets)).data.split("test");
    assert.deepEqual([test.count, whole.count], [4, 20]);
    assert.deepEqual(test.take([0]).x.data, whole.take([16]).x.data);
  });

  it("makes images of one grey level, and of noise", async () => {
    const { data } = await openNormals("mnist", sets);
    const outliers = await openOutliers(data, sets, 30);
    assert.deepEqual(
      outliers.map(({ name }) => name),
      ["fashion-mnist", "one grey level", "uniform noise"],
    );
    const [, flat, noise] = outliers.map(({ split }) => split.take([0, 9]).x.data);
    assert.equal(new Set(Array.from(flat!).slice(0, 64)).size, 1);
    assert.ok(new Set(Array.from(noise!)).size > 64);
  });

  it("tells images apart by each score: noise by likelihood, one grey level by complexity", () => {
    assert.deepEqual(
      results.map(({ normal }) => normal),
      ["mnist", "fashion-mnist"],
    );
    for (const { outliers, images } of results) {
      assert.ok(images <= 15);
      assert.deepEqual(outliers.map(({ name }) => name).slice(1), [
        "one grey level",
        "uniform noise",
      ]);
      const [, flat, noise] = outliers.map(({ auroc }) => auroc);
      assert.ok(noise!.likelihood > 0.9, JSON.stringify(noise));
      assert.ok(flat!.complexity > flat!.likelihood, JSON.stringify(flat));
    }
  });

  it("writes a table, a picture and a report", () => {
    const table = JSON.parse(readFileSync(folder.table, "utf8")) as { results: OodResult[] };
    assert.deepEqual(table.results, results);
    assert.match(readFileSync(folder.picture("auroc.svg"), "utf8"), /^<svg/);
    assert.match(readFileSync(folder.report, "utf8"), /one grey level/);
  });

  it("goes on with what is finished, on the command line", async () => {
    const { code, stdout, stderr } = await iresnet(
      cwd,
      ...["reproduce", "figure-ood", "--out", "ood", "--resume", "--json"],
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual((JSON.parse(stdout) as { results: unknown }).results, results);
  });

  it("takes a run's density, and refuses what it can't", async () => {
    // A run's folder names the data that it learned.
    const run = join(cwd, "ood/runs/mnist");
    const taken = await iresnet(
      cwd,
      ...["reproduce", "figure-ood", "--run", run, "--data", "sets", "--out", "again", "--json"],
    );
    assert.equal(taken.code, 0, taken.stderr);
    const [first] = (JSON.parse(taken.stdout) as { results: OodResult[] }).results;
    assert.equal(first!.steps, null);
    const cases: [string[], RegExp][] = [
      [["--data", "nowhere"], /expected mnist or fashion-mnist in the folder nowhere/],
      [["--rows", "mnst"], /did you mean "mnist"/],
      [["--at-once", "2"], /--at-once: expected no such option/],
      [["--run", run, "--rows", "cifar-10"], /no --rows but mnist/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await iresnet(
        cwd,
        ...["reproduce", "figure-ood", "--out", "a", ...args],
      );
      assert.match(stderr, message);
      assert.equal(code, 2);
      assert.ok(!existsSync(join(cwd, "a")));
    }
    const other = await iresnet(cwd, "reproduce", "figure-toy", "--run", run);
    assert.match(other.stderr, /--run: expected no such option for figure-toy/);
    assert.equal(other.code, 2);
  });
});
