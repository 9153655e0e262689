import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { nodeEngine } from "../../src/engine/node.js";
import { openRunner } from "../../src/runner/open-file.js";
import { ndarray } from "../../src/tree.js";
import { fixture, forwardPass } from "../pytorch/fixtures.js";
import { zipFile, bytesOf } from "../pytorch/pickles.js";
import { assertClose } from "../support/values.js";
import { iresnet, writeMnist } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

describe("iresnet import", () => {
  const cwd = temporaryFolder();
  const from = (code: string, file: string, out: string, ...more: string[]) =>
    iresnet(cwd, "import", file, "--from", code, "--out", out, ...more);

  before(async () => {
    for (const name of ["toy.pth", "multiscale.t7"])
      await writeFile(join(cwd, name), fixture(name));
    await writeFile(join(cwd, "evil.pth"), zipFile(bytesOf("\x80\x02cposix\nsystem\n.")));
    await writeMnist(join(cwd, "mnist"), 8);
  });

  it("makes a run that the other commands open", async () => {
    const made = await from("residual-flows", "toy.pth", "toy", "--data", "moons");
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /The ActNorm behind the last block is part of the base/);
    const info = await iresnet(cwd, "info", "toy");
    assert.match(info.stdout, /imported from .*toy\.pth/);
    const sample = await iresnet(cwd, "sample", "toy", "--count", "5", "--json");
    assert.equal(sample.code, 0, sample.stderr);
    const evaluated = await iresnet(cwd, "evaluate", "toy", "--json");
    assert.equal(evaluated.code, 0, evaluated.stderr);
    const resumed = await iresnet(cwd, "train", "--resume", "toy");
    assert.equal(resumed.code, 2);
    assert.match(
      resumed.stderr,
      /^error: train: expected a run that is trained, got weights imported/m,
    );
  });

  it("makes a run of images, measured on the data it is told", async () => {
    const options = ["--data", "mnist", "--data-dir", "."];
    const made = await from("invertible-resnet", "multiscale.t7", "images", ...options, "--json");
    assert.equal(made.code, 0, made.stderr);
    const { model, differences } = JSON.parse(made.stdout) as {
      model: string;
      differences: string[];
    };
    assert.equal(model, "i-resnet-density");
    assert.ok(differences.length > 2);
    const evaluated = await iresnet(cwd, "evaluate", "images");
    assert.equal(evaluated.code, 0, evaluated.stderr);
    assert.match(evaluated.stdout, /bits\/dim/);
  });

  it("writes a file alone, which scores as the original does", async () => {
    const made = await from("residual-flows", "toy.pth", "toy.safetensors");
    assert.equal(made.code, 0, made.stderr);
    const engine = await nodeEngine({ threads: 1 });
    const runner = await openRunner(join(cwd, "toy.safetensors"), { engine });
    const { x, logProb } = forwardPass("toy.pth");
    const scores = await runner.score(ndarray(Float32Array.from(x.data), x.shape));
    assertClose(scores.logProb.data, logProb!.data, 1e-5, "log p");
    await engine.close();
  });

  it("writes nothing where something is wrong, and says what", async () => {
    const wrong: readonly (readonly [string, readonly string[], number, RegExp])[] = [
      ["evil.pth", [], 1, /GLOBAL of posix\.system/],
      ["missing.pth", [], 1, /expected a file of torch\.save, got no such file/],
      ["toy.pth", [], 2, /expected the name of the data .* got none/],
      ["toy.pth", ["--data", "imagenet"], 2, /imagenet/],
      ["toy.pth", ["--shape", "3,32"], 2, /three whole numbers/],
    ];
    for (const [file, options, expected, message] of wrong) {
      const { code, stdout, stderr } = await from("residual-flows", file, "none", ...options);
      assert.match(stderr, message);
      assert.equal(code, expected, stderr);
      assert.equal(stdout, "");
      assert.equal(stderr.match(/^error:/gm)?.length, 1, stderr);
      assert.ok(!existsSync(join(cwd, "none")));
    }
    const again = await from("residual-flows", "toy.pth", "toy", "--data", "moons");
    assert.match(again.stderr, /expected no such folder, got an earlier run/);
    const alone = await from("residual-flows", "toy.pth", "x.safetensors", "--data", "moons");
    assert.equal(alone.code, 2, alone.stderr);
    assert.match(alone.stderr, /expected the folder of a run beside --data and --data-dir/);
    const over = await from("residual-flows", "toy.pth", "toy.safetensors");
    assert.match(over.stderr, /expected no such file/);
  });
});
