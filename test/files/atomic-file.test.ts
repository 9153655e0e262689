import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { writeFileAtomic } from "../../src/files/atomic-file.js";
import { loadCheckpoint, saveCheckpoint } from "../../src/checkpoint/checkpoint-file.js";
import { appendMetrics } from "../../src/train/metrics-file.js";
import { ndarray } from "../../src/tree.js";
import { temporaryFolder } from "../support/folder.js";
import { rejectsFile } from "../data/fails.js";

const folder = temporaryFolder();

describe("writeFileAtomic", () => {
  it("writes bytes and text, replaces a file, makes folders and leaves nothing else", async () => {
    const path = join(folder, "runs", "a", "file");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 255));
    assert.deepEqual([...(await readFile(path))], [1, 2, 255]);
    await writeFileAtomic(path, "ü");
    assert.equal(await readFile(path, "utf8"), "ü");
    assert.deepEqual(await readdir(join(folder, "runs", "a")), ["file"]);
  });

  it("survives writes of one path at the same time: one of them wins whole", async () => {
    const path = join(folder, "raced", "file");
    const contents = ["a", "b", "c", "d"].map((letter) => letter.repeat(1e6));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    assert.ok(contents.includes(await readFile(path, "utf8")));
    assert.deepEqual(await readdir(join(folder, "raced")), ["file"]);
  });

  it("removes its temporary file when the rename fails", async () => {
    const path = join(folder, "taken");
    await mkdir(join(path, "by-a-folder"), { recursive: true });
    await rejectsFile(writeFileAtomic(path, "x"), /taken: expected to write.*choose another path/);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  it("reports a file in place of the folder", async () => {
    const file = join(folder, "plain");
    await writeFile(file, "kept");
    await rejectsFile(writeFileAtomic(join(file, "x"), "x"), /a file in place of a folder/);
    assert.equal(await readFile(file, "utf8"), "kept");
  });
});

/** Mounts a file system of 64 KiB at `path`; the reason if this machine cannot. */
function mountTiny(path: string): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path], { stdio: "pipe" });
    return undefined;
  } catch {
    return "this machine mounts no tmpfs";
  }
}

describe("a full disk", () => {
  it("leaves the old file, no temporary file, and says what to do", async (t) => {
    const disk = join(folder, "disk");
    await mkdir(disk);
    const reason = mountTiny(disk);
    if (reason !== undefined) {
      t.skip(reason);
      return;
    }
    try {
      const path = join(disk, "checkpoint.safetensors");
      const small = {
        format: 1,
        model: { kind: "density", config: {} },
        arrays: { w: ndarray([1, 2], [2]) },
      } as const;
      await saveCheckpoint(path, small);
      const large = { ...small, arrays: { w: ndarray(new Float32Array(50_000), [50_000]) } };
      const message = /checkpoint\.safetensors: .*full disk; free some space, then go on/;
      await rejectsFile(saveCheckpoint(path, large), message);
      assert.deepEqual(await readdir(disk), ["checkpoint.safetensors"]);
      assert.deepEqual(await loadCheckpoint(path), small);

      await writeFile(join(disk, "filler"), new Uint8Array(1e6)).catch(() => undefined);
      await rejectsFile(appendMetrics(join(disk, "metrics.jsonl"), { step: 1 }), /full disk/);
      await rm(join(disk, "filler"));
      await saveCheckpoint(path, small);
    } finally {
      execFileSync("umount", [disk]);
    }
  });
});
