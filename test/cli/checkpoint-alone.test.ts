import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { iresnet, writeMnist, writeRun } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

/** Results of a command that succeeds. */
async function resultOf(cwd: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await iresnet(cwd, ...args, "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe("A checkpoint alone", () => {
  const cwd = temporaryFolder();
  const shipped = ["classifier", "density"] as const;

  before(async () => {
    await writeMnist(join(cwd, "sets", "mnist"), 8);
    mkdirSync(join(cwd, "pretrained"));
    for (const name of shipped) {
      await writeRun(join(cwd, name), name, { data: join(cwd, "sets"), steps: 4 });
      const { code, stderr } = await iresnet(cwd, "train", "--resume", name);
      assert.equal(code, 0, stderr);
    }
  });

  it("is written in 16 bits, and measured as the run it comes from", async () => {
    for (const name of shipped) {
      const file = `pretrained/${name}.safetensors`;
      const to = ["--to", "checkpoint", "--out"];
      const wide = await resultOf(cwd, "export", name, ...to, "wide.safetensors");
      const half = await resultOf(cwd, "export", name, ...to, file, "--bits", "16");
      assert.ok(Number(half.bytes) < Number(wide.bytes));
      assert.equal(half.bytes, statSync(join(cwd, file)).size);
      assert.ok(Number(wide.bytes) < statSync(join(cwd, name, "checkpoint.safetensors")).size);

      const run = await resultOf(cwd, "evaluate", name);
      const alone = await resultOf(cwd, "evaluate", `pretrained/${name}`, "--data-dir", "sets");
      assert.equal(alone.checkpoint, file);
      assert.equal(alone.examples, run.examples);
      const figure = name === "density" ? "value" : "nll";
      assert.ok(Number(run[figure]) > 0);
      assert.ok(
        Math.abs(Number(alone[figure]) / Number(run[figure]) - 1) < 2e-3,
        `${name}: ${JSON.stringify([alone, run])}`,
      );
      const whole = await resultOf(cwd, "evaluate", "wide.safetensors", "--data-dir", "sets");
      assert.equal(whole[figure], run[figure]);
    }
    // Nothing is written beside them.
    assert.deepEqual(
      readdirSync(join(cwd, "pretrained")),
      shipped.map((name) => `${name}.safetensors`),
    );
  });

  it("opens by the other commands, which keep nothing beside it", async () => {
    const path = "pretrained/density";
    assert.equal((await resultOf(cwd, "info", path)).run, null);
    const back = await resultOf(cwd, "reconstruct", path, "--data-dir", "sets", "--count", "5");
    assert.equal(back.examples, 5);
    const drawn = await iresnet(cwd, "sample", path, "--count", "4");
    assert.equal(drawn.code, 2);
    assert.match(drawn.stderr, /^error: --out: expected a file for the samples/m);
    await resultOf(cwd, "sample", path, "--count", "4", "--out", "drawn.png");
    await resultOf(cwd, "export", path, "--to", "sample", "--out", "density.onnx");
    await resultOf(
      cwd,
      "train",
      "--from",
      path,
      "toy",
      "--steps",
      "1",
      "--data",
      "moons",
      "--out",
      "no",
    ).then(
      () => assert.fail("an image model took points"),
      (error: unknown) => {
        assert.match(String(error), /expected/);
      },
    );
    assert.equal(readdirSync(join(cwd, "pretrained")).length, 2);
  });

  it("says what it needs where it can't know its data, or is none", async () => {
    const bad = async (message: RegExp, ...args: string[]): Promise<void> => {
      const { code, stderr } = await iresnet(cwd, ...args);
      assert.match(stderr, message);
      assert.ok(code === 1 || code === 2, String(code));
      assert.equal(stderr.match(/error/gi)?.length, 1, stderr);
    };
    writeFileSync(
      join(cwd, "rows.csv"),
      "a,b\n" + Array.from({ length: 40 }, (_, i) => `${i},${(i * i) % 7}\n`).join(""),
    );
    const trained = await iresnet(
      cwd,
      "train",
      "--data",
      "rows.csv",
      "--steps",
      "8",
      "--out",
      "rows",
      "--model",
      "made",
    );
    assert.equal(trained.code, 0, trained.stderr);
    copyFileSync(
      join(cwd, "rows", "checkpoint.safetensors"),
      join(cwd, "pretrained", "t.safetensors"),
    );
    await bad(
      /expected a checkpoint of data known by name.*rows of a file.*--data/,
      "evaluate",
      "pretrained/t",
    );
    await bad(
      /--out: expected a folder for the evaluation/,
      "evaluate",
      "pretrained/t",
      "--data",
      "rows.csv",
    );
    const scored = await iresnet(cwd, "score", "pretrained/t", "rows.csv");
    assert.equal(scored.stdout.trim().split("\n").length, 41, scored.stderr);
    await bad(/pretrained\/none/, "evaluate", "pretrained/none");
    await bad(
      /--bits: expected --to checkpoint/,
      "export",
      "density",
      "--to",
      "score",
      "--bits",
      "16",
      "--out",
      "a.onnx",
    );
    await bad(/ends in .safetensors/, "export", "density", "--to", "checkpoint", "--out", "a.onnx");
    await bad(
      /--check: expected an ONNX file/,
      "export",
      "density",
      "--to",
      "checkpoint",
      "--check",
      "--out",
      "a.safetensors",
    );
    await bad(
      /Expected 16 or 32/,
      "export",
      "density",
      "--to",
      "checkpoint",
      "--bits",
      "8",
      "--out",
      "a.safetensors",
    );
  });
});
