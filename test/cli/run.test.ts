import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import type { RunConfig } from "../../src/runs/run-folder.js";
import { loadCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { readMetrics } from "../../src/train/metrics-file.js";
import { iresnet, start, waitForFile, writeMnist, writeRun } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

describe("a run", () => {
  const cwd = temporaryFolder();
  const data = join(cwd, "mnist");
  const whole = join(cwd, "whole");
  const steps = 400;

  before(async () => {
    await writeMnist(data, 8);
    await writeRun(whole, "classifier", { data: cwd, steps });
    const { code, stderr } = await iresnet(cwd, "train", "--resume", "whole");
    assert.equal(code, 0, stderr);
  });

  async function assertSameAsWhole(path: string): Promise<void> {
    const [a, b] = [await loadCheckpoint(whole), await loadCheckpoint(path)];
    assert.equal(b.training?.step, steps);
    assert.deepEqual(b.training.best, a.training?.best);
    assert.deepEqual(b.arrays, a.arrays);
    const best = await readFile(join(whole, "best.safetensors"));
    assert.ok(best.equals(await readFile(join(path, "best.safetensors"))));
    const stepsOf = async (folder: string): Promise<number[]> =>
      (await readMetrics(join(folder, "metrics.jsonl"))).map(({ step }) => step);
    assert.deepEqual(await stepsOf(path), await stepsOf(whole));
  }

  it("leaves metrics, pictures and a report", async () => {
    const report = await readFile(join(whole, "report.html"), "utf8");
    for (const heading of ["Training", "Inverse", "Evaluation: validation"]) {
      assert.ok(report.includes(`<h2>${heading}</h2>`), heading);
    }
    assert.ok(report.includes("data:image/png;base64,"));
    for (const name of ["loss.svg", "validation-error.svg", "inverse-error.svg"]) {
      assert.match(readFileSync(join(whole, "pictures", name), "utf8"), /^<svg/);
    }
  });

  it("that was killed goes on to the same bits", async () => {
    const path = join(cwd, "killed");
    await writeRun(path, "classifier", { data: cwd, steps });
    const { child, finished } = start(cwd, "train", "--resume", "killed");
    await waitForFile(join(path, "checkpoint.safetensors"));
    child.kill("SIGKILL");
    await finished;
    const { training } = await loadCheckpoint(path);
    assert.ok(training && training.step > 0 && training.step < steps, `step ${training?.step}`);

    const { code, stderr } = await iresnet(cwd, "train", "--resume", "killed");
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`going on from step ${training.step}`));
    await assertSameAsWhole(path);
  });

  it("that Ctrl-C ended was saved, and goes on to the same bits", async () => {
    const path = join(cwd, "stopped");
    await writeRun(path, "classifier", { data: cwd, steps });
    const { child, finished } = start(cwd, "train", "--resume", "stopped");
    await waitForFile(join(path, "checkpoint.safetensors"));
    child.kill("SIGINT");
    const stopped = await finished;
    assert.equal(stopped.code, 130, stopped.stderr);
    assert.match(stopped.stderr, /Go on with: iresnet train --resume stopped/);
    assert.equal(stopped.stdout, "");

    const { code, stderr } = await iresnet(cwd, "train", "--resume", "stopped");
    assert.equal(code, 0, stderr);
    await assertSameAsWhole(path);
  });

  it("takes its steps with as many workers as it began with", async () => {
    const [whole2, path] = [join(cwd, "whole-2"), join(cwd, "stopped-2")];
    for (const folder of [whole2, path]) {
      await writeRun(folder, "density", { data: cwd, steps: 200 });
    }
    const all = await iresnet(cwd, "train", "--resume", "whole-2", "--workers", "2");
    assert.equal(all.code, 0, all.stderr);
    const config = JSON.parse(readFileSync(join(whole2, "config.json"), "utf8")) as RunConfig;
    assert.equal(config.workers, 2);
    assert.match(config.engine ?? "", /^2 workers of onnxruntime-node .* 1 thread, /);

    const { child, finished } = start(cwd, "train", "--resume", "stopped-2", "--workers", "2");
    await waitForFile(join(path, "checkpoint.safetensors"));
    child.kill("SIGINT");
    assert.equal((await finished).code, 130);
    const { code, stderr } = await iresnet(cwd, "train", "--resume", "stopped-2");
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /warning/);
    assert.deepEqual((await loadCheckpoint(path)).arrays, (await loadCheckpoint(whole2)).arrays);
  });

  it("measures which number of workers is faster, and keeps it", async () => {
    const path = join(cwd, "measured");
    await writeRun(path, "plane", { data: cwd, steps: 4 });
    const args = ["train", "--resume", "measured", "--threads", "2"];
    const { code, stderr } = await iresnet(cwd, ...args);
    assert.equal(code, 0, stderr);
    const [, count] =
      /^Taking (\d) workers? of .* ms a step, not \d workers? of /m.exec(stderr) ?? [];
    const config = JSON.parse(readFileSync(join(path, "config.json"), "utf8")) as RunConfig;
    assert.equal(String(config.workers), count);
  });

  it("warns if it goes on with another engine than it began with", async () => {
    const path = join(cwd, "moved");
    await cp(whole, path, { recursive: true });
    const same = await iresnet(cwd, "train", "--resume", "moved");
    assert.doesNotMatch(same.stderr, /warning/);
    const { code, stderr } = await iresnet(cwd, "train", "--resume", "moved", "--threads", "2");
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^warning: the run began on .* 1 thread, .*, not .* 2 threads, .*: the last bits will differ$/m,
    );
    const { engine } = JSON.parse(readFileSync(join(path, "config.json"), "utf8")) as {
      engine: string;
    };
    assert.match(engine, /onnxruntime-node .* 1 thread/);
  });

  it("that is complete stays as it is", async () => {
    const path = join(cwd, "again");
    await cp(whole, path, { recursive: true });
    const { code, stdout } = await iresnet(cwd, "train", "--resume", "again", "--json");
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as { run: string }).run, "again");
    await assertSameAsWhole(path);
  });

  it("is not overwritten by another", async () => {
    const args = ["train", "toy", "--steps", "1", "--out", "whole"];
    const { code, stderr } = await iresnet(cwd, ...args);
    assert.equal(code, 2);
    assert.match(stderr, /got an earlier run; resume it, or choose another folder/);
  });

  it("prints no escape codes into a pipe", async () => {
    const { stdout, stderr } = await iresnet(cwd, "evaluate", "whole");
    assert.ok(!(stdout + stderr).includes("\x1b"));
  });

  it("of a classifier is evaluated, reconstructed and described", async () => {
    const evaluated = await iresnet(cwd, "evaluate", "whole", "--json");
    assert.equal(evaluated.code, 0, evaluated.stderr);
    const evaluation = JSON.parse(evaluated.stdout) as Record<string, unknown>;
    assert.equal(evaluation.examples, 20);
    assert.equal(evaluation.errorPercent, (100 * Number(evaluation.errors)) / 20);
    assert.ok(Number(evaluation.nll) > 0);
    assert.ok(readFileSync(join(whole, "evaluation-test.json"), "utf8").includes('"test"'));

    const back = await iresnet(cwd, "reconstruct", "whole", "--json");
    assert.equal(back.code, 0, back.stderr);
    const { maxError, unit, examples, curve } = JSON.parse(back.stdout) as {
      maxError: number;
      unit: string;
      examples: number;
      curve: { maxError: number }[];
    };
    assert.equal(examples, 20);
    assert.equal(unit, "pixel units");
    assert.ok(maxError <= 2e-5, String(maxError));
    assert.ok(curve[0]!.maxError > 100 * curve.at(-1)!.maxError);

    const described = await iresnet(cwd, "info", "whole");
    assert.equal(described.code, 0, described.stderr);
    assert.match(described.stdout, /complete, 400 steps/);
    assert.match(described.stdout, /^stages\.0\.blocks\.0 +\d+ +<= 0\.\d+ +0\.\d+ +\d+$/m);
  });

  it("gives its results even where they can't be written", async () => {
    const path = join(cwd, "blocked");
    await cp(whole, path, { recursive: true });
    const cases: [string, string[]][] = [
      ["evaluation-test.json", ["evaluate", "blocked"]],
      ["reconstruction.json", ["reconstruct", "blocked"]],
      ["report.html", ["train", "--resume", "blocked"]],
    ];
    for (const [file, args] of cases) {
      await rm(join(path, file), { force: true });
      await mkdir(join(path, file));
      const { code, stdout, stderr } = await iresnet(cwd, ...args, "--json");
      assert.equal(code, 1, stderr);
      assert.match(stderr, new RegExp(`^error: .*${file}: expected to write this file`, "m"));
      assert.ok(Object.keys(JSON.parse(stdout) as object).length > 3, stdout);
      await rm(join(path, file), { recursive: true });
    }
  });

  it("is described by its best model alone", async () => {
    const path = join(cwd, "shipped");
    await mkdir(path);
    for (const file of ["config.json", "best.safetensors"]) {
      await cp(join(whole, file), join(path, file));
    }
    const { code, stdout, stderr } = await iresnet(cwd, "info", "shipped");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^training +cannot go on$/m);
  });

  it("of a classifier has no log-determinant to choose a series for", async () => {
    for (const option of ["--terms", "--probes"]) {
      const { code, stderr } = await iresnet(cwd, "evaluate", "whole", option, "2");
      assert.equal(code, 2);
      assert.match(stderr, /^error: evaluate: expected terms and probes for a density alone/);
    }
  });

  it("of a classifier can't be sampled", async () => {
    const { code, stdout, stderr } = await iresnet(cwd, "sample", "whole");
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: sample: expected a model with a density, got i-resnet-classifier/,
    );
    assert.equal(stdout, "");
  });
});

describe("a density's run", () => {
  const cwd = temporaryFolder();

  before(async () => {
    await writeMnist(join(cwd, "mnist"), 8);
    await writeRun(join(cwd, "density"), "density", { data: cwd, steps: 40 });
    const { code, stderr } = await iresnet(cwd, "train", "--resume", "density");
    assert.equal(code, 0, stderr);
  });

  it("is evaluated in bits/dim, with what is known of the error", async () => {
    const args = ["evaluate", "density", "--terms", "8", "--probes", "2"];
    const { code, stdout, stderr } = await iresnet(cwd, ...args, "--json");
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout) as Record<string, number | string>;
    assert.equal(result.unit, "bits/dim");
    assert.equal(result.dimensions, 64);
    assert.equal(result.terms, 8);
    assert.ok(Number(result.value) > 0 && Number(result.value) < 20);
    assert.ok(Number(result.standardError) > 0);
    assert.ok(Number(result.probeSpread) > 0);
    assert.ok(Number(result.biasBound) > 0);

    const text = await iresnet(cwd, ...args);
    assert.match(text.stdout, /± .* bits\/dim over 64 dims/);
  });

  it("is evaluated on another set of the same shape alone", async () => {
    await writeMnist(join(cwd, "fashion-mnist"), 8);
    const kept = join(cwd, "density", "evaluation-test.json");
    await iresnet(cwd, "evaluate", "density", "--terms", "2");
    const before = readFileSync(kept, "utf8");
    const args = ["evaluate", "density", "--data", "fashion-mnist", "--terms", "2"];
    const other = await iresnet(cwd, ...args, "--json");
    assert.equal(other.code, 0, other.stderr);
    const result = JSON.parse(other.stdout) as { data: string; unit: string };
    assert.deepEqual([result.data, result.unit], ["fashion-mnist", "bits/dim"]);
    assert.equal(readFileSync(kept, "utf8"), before);
    const wrong = await iresnet(cwd, "evaluate", "density", "--data", "moons");
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--data: expected examples of shape \[1,8,8\].* of moons/);
    const label = await iresnet(cwd, ...args, "--label", "class");
    assert.match(label.stderr, /--label: expected a run on a table/);
  });

  it("is sampled with as many steps as it is told", async () => {
    const { code, stderr } = await iresnet(cwd, "sample", "density", "--steps", "1");
    assert.equal(code, 1);
    assert.match(stderr, /^error: inverse of .*expected a relative residual/m);
  });

  it("is sampled, the same for one seed", async () => {
    const draw = (out: string, seed: string): ReturnType<typeof iresnet> =>
      iresnet(cwd, "sample", "density", "--count", "4", "--out", out, "--seed", seed);
    for (const [out, seed] of [
      ["a.png", "1"],
      ["b.png", "1"],
      ["c.png", "2"],
    ] as const) {
      const { code, stderr } = await draw(out, seed);
      assert.equal(code, 0, stderr);
    }
    const [a, b, c] = ["a.png", "b.png", "c.png"].map((name) => readFileSync(join(cwd, name)));
    assert.ok(a!.equals(b!));
    assert.ok(!a!.equals(c!));
  });
});

describe("a 2-D density's run", () => {
  const cwd = temporaryFolder();

  it("is drawn, integrates to 1, and is sampled as numbers", async () => {
    await writeRun(join(cwd, "plane"), "plane", { data: cwd, steps: 20 });
    const trained = await iresnet(cwd, "train", "--resume", "plane", "--json");
    assert.equal(trained.code, 0, trained.stderr);
    const { evaluation, plane } = JSON.parse(trained.stdout) as {
      evaluation: { unit: string; logDet: string };
      plane: { integral: number };
    };
    assert.equal(evaluation.unit, "nats");
    assert.equal(evaluation.logDet, "exact");
    assert.ok(Math.abs(plane.integral - 1) <= 0.02, String(plane.integral));
    const picture = readFileSync(join(cwd, "plane", "pictures", "density.svg"), "utf8");
    for (const title of ["Data", "Samples of the model", "Data to latent: a grid, after f"]) {
      assert.ok(picture.includes(`>${title}<`), title);
    }

    const { code, stderr } = await iresnet(cwd, "sample", "plane", "--count", "5");
    assert.equal(code, 0, stderr);
    const csv = readFileSync(join(cwd, "plane", "pictures", "samples.csv"), "utf8");
    assert.match(csv, /^x0,x1\n(-?\d[^,\n]*,-?\d[^,\n]*\n){5}$/);
    const points = readFileSync(join(cwd, "plane", "pictures", "samples.svg"), "utf8");
    assert.match(points, />Samples: i-ResNet density on \w+, temperature 1</);
  });
});

describe("a run without a Lipschitz bound", () => {
  const cwd = temporaryFolder();

  it("trains with a warning, and reconstruct fails after saying what it measured", async () => {
    await writeMnist(join(cwd, "mnist"), 8);
    await writeRun(join(cwd, "vanilla"), "vanilla", { data: cwd, steps: 60, learningRate: 0.1 });
    const trained = await iresnet(cwd, "train", "--resume", "vanilla");
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(trained.stderr, /warning: inverse of stages/);

    const { code, stdout, stderr } = await iresnet(cwd, "reconstruct", "vanilla", "--json");
    assert.equal(code, 1);
    assert.match(stderr, /^error: inverse of stages.*expected a relative residual/m);
    assert.equal((JSON.parse(stdout) as { examples: number }).examples, 20);

    const described = await iresnet(cwd, "info", "vanilla");
    assert.match(described.stdout, /no guarantee/);
  });
});
