import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cp, mkdir, readFile, rm, statfs, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { idx, iresnet, writeMnist, writeRun, type Finished } from "./support.js";
import { temporaryFolder } from "../support/folder.js";

function assertFailure({ code, stdout, stderr }: Finished, message: RegExp): void {
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /^ {4}at /m);
  assert.doesNotMatch(stderr, /unexpected|IRESNET_DEBUG/);
  assert.equal(code, 1);
  assert.equal(stdout, "");
}

describe("bad data", () => {
  const cwd = temporaryFolder();
  const images = join(cwd, "mnist", "train-images-idx3-ubyte");
  const labels = join(cwd, "mnist", "train-labels-idx1-ubyte");

  const cases: [string, () => Promise<unknown>, RegExp][] = [
    [
      "missing file",
      () => rm(images),
      /expected train-images.* got no such file; .* get it with: iresnet data get mnist/,
    ],
    ["truncated file", () => truncate(images, 3000), /train-images.*truncated/],
    ["truncated header", () => truncate(labels, 5), /train-labels.*truncated/],
    ["wrong magic number", () => cp(labels, images), /expected the magic number 0x00000803/],
    [
      "labels out of range",
      () =>
        writeFile(
          labels,
          idx([80], (i) => (i === 40 ? 10 : 0)),
        ),
      /train-labels.*expected labels from 0 to 9, got 10 in row 40/,
    ],
    [
      "images of another size",
      () =>
        writeFile(
          images,
          idx([80, 6, 6], () => 0),
        ),
      /expected images of shape \[1,8,8\] in every file, got \[1,6,6\] in those to train on/,
    ],
  ];
  for (const [name, spoil, message] of cases) {
    it(`${name}: says so`, async () => {
      await rm(join(cwd, "mnist"), { recursive: true, force: true });
      await writeMnist(join(cwd, "mnist"), 8);
      await writeRun(join(cwd, "run"), "classifier", { data: cwd, steps: 2 });
      await spoil();
      assertFailure(await iresnet(cwd, "train", "--resume", "run"), message);
    });
  }

  it("leaves no folder of a run behind", async () => {
    const args = ["train", "mnist-classifier", "--data-dir", "nowhere", "--out", "new"];
    assertFailure(await iresnet(cwd, ...args), /got no such file; .* get it with/);
    const again = await iresnet(cwd, ...args);
    assertFailure(again, /got no such file; .* get it with/);
  });
});

describe("bad runs and checkpoints", () => {
  const cwd = temporaryFolder();
  const checkpoint = join(cwd, "bad", "checkpoint.safetensors");

  before(async () => {
    await writeMnist(join(cwd, "mnist"), 8);
    for (const model of ["classifier", "density"] as const) {
      await writeRun(join(cwd, model), model, { data: cwd, steps: 2 });
      const { code, stderr } = await iresnet(cwd, "train", "--resume", model);
      assert.equal(code, 0, stderr);
    }
  });

  async function spoiled(spoil: () => Promise<unknown>): Promise<void> {
    await rm(join(cwd, "bad"), { recursive: true, force: true });
    await cp(join(cwd, "classifier"), join(cwd, "bad"), { recursive: true });
    await rm(join(cwd, "bad", "best.safetensors"));
    await spoil();
  }

  it("truncated: says so", async () => {
    for (const size of [0, 200, 2000]) {
      await spoiled(() => truncate(checkpoint, size));
      assertFailure(await iresnet(cwd, "evaluate", "bad"), /checkpoint\.safetensors: .*truncated/);
    }
    assertFailure(await iresnet(cwd, "train", "--resume", "bad"), /truncated/);
  });

  it("of another model: says so", async () => {
    await spoiled(() => cp(join(cwd, "density", "checkpoint.safetensors"), checkpoint));
    const message = /expected a checkpoint of i-resnet-classifier .*got one of i-resnet-density/;
    assertFailure(await iresnet(cwd, "evaluate", "bad"), message);
    assertFailure(await iresnet(cwd, "train", "--resume", "bad"), message);
  });

  it("of another program: says so", async () => {
    await spoiled(() => {
      const header = Buffer.from(
        JSON.stringify({ w: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }),
      );
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      return writeFile(checkpoint, Buffer.concat([length, header, Buffer.alloc(4)]));
    });
    assertFailure(await iresnet(cwd, "evaluate", "bad"), /safetensors file of another program/);
  });

  it("no run, or one without a checkpoint: says so", async () => {
    assertFailure(await iresnet(cwd, "evaluate", "nothing"), /config\.json.*no such file/);
    await spoiled(() => rm(checkpoint));
    assertFailure(await iresnet(cwd, "sample", "bad"), /checkpoint\.safetensors.*no such file/);
    await spoiled(() => writeFile(join(cwd, "bad", "config.json"), '{"preset": "toy"}'));
    assertFailure(
      await iresnet(cwd, "info", "bad"),
      /config\.json: expected a file that iresnet wrote/,
    );
    await spoiled(() => writeFile(join(cwd, "bad", "config.json"), "{"));
    assertFailure(
      await iresnet(cwd, "info", "bad"),
      /config\.json: expected a file that iresnet wrote/,
    );
  });
});

const canMount = process.platform === "linux" && process.getuid?.() === 0;

describe(
  "a full disk",
  { skip: canMount ? false : "needs root, to mount a small file system" },
  () => {
    const cwd = temporaryFolder();
    const disk = join(cwd, "disk");

    it("keeps the last checkpoint, which goes on once there is space", async (t) => {
      await mkdir(disk);
      const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]);
      if (mount.status !== 0) {
        t.skip("mount is not allowed here");
        return;
      }
      try {
        await fillAndGoOn();
      } finally {
        execFileSync("umount", [disk]);
      }
    });

    async function fillAndGoOn(): Promise<void> {
      const run = join(disk, "run");
      const checkpoint = join(run, "checkpoint.safetensors");
      await writeMnist(join(cwd, "mnist"), 8);
      await writeRun(run, "classifier", { data: cwd, steps: 10 });
      const trained = await iresnet(cwd, "train", "--resume", run);
      assert.equal(trained.code, 0, trained.stderr);
      const before = await readFile(checkpoint);
      const { bavail, bsize } = await statfs(disk);
      await writeFile(join(disk, "filler"), Buffer.alloc(bavail * bsize - 8192));

      const longer = ["train", "--resume", run, "--steps", "30"];
      assertFailure(await iresnet(cwd, ...longer), /got a full disk; free some space/);
      assert.ok(before.equals(await readFile(checkpoint)));

      await rm(join(disk, "filler"));
      const { code, stderr } = await iresnet(cwd, ...longer);
      assert.equal(code, 0, stderr);
      await measureReadOnly(run);
    }

    async function measureReadOnly(run: string): Promise<void> {
      execFileSync("mount", ["-o", "remount,ro", disk]);
      const { code, stdout, stderr } = await iresnet(cwd, "evaluate", run);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /error +\d/);
      assert.match(stderr, /warning: not saved: .*got a read-only disk/);
      assertFailure(await iresnet(cwd, "train", "--resume", run), /got a read-only disk/);
    }
  },
);
