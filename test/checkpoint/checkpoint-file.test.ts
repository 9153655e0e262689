import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CheckpointError, FileError, type IresnetError } from "../../src/errors.js";
import { encodeCheckpoint, type Checkpoint } from "../../src/checkpoint/checkpoint.js";
import {
  CHECKPOINT_FILE,
  loadCheckpoint,
  saveCheckpoint,
} from "../../src/checkpoint/checkpoint-file.js";
import { ndarray } from "../../src/tree.js";
import { temporaryFolder } from "../support/folder.js";

const folder = temporaryFolder();

const checkpoint: Checkpoint = {
  format: 1,
  model: { kind: "density", config: { bound: 0.9 } },
  training: { seed: 3, step: 10, elapsedSeconds: 1, config: {} },
  arrays: { w: ndarray([1, 2, 3], [3]) },
};

async function rejects(
  path: string,
  message: RegExp,
  kind: typeof IresnetError = CheckpointError,
): Promise<void> {
  await assert.rejects(loadCheckpoint(path), (error: unknown) => {
    assert.ok(error instanceof kind, String(error));
    assert.ok(error.message.startsWith(path), error.message);
    assert.match(error.message, message);
    return true;
  });
}

describe("checkpoint file", () => {
  it("loads what was saved, from the file or from its folder", async () => {
    const run = join(folder, "run");
    const path = join(run, CHECKPOINT_FILE);
    await saveCheckpoint(path, checkpoint);
    assert.deepEqual(await loadCheckpoint(path), checkpoint);
    assert.deepEqual(await loadCheckpoint(run), checkpoint);
    assert.deepEqual(await readdir(run), ["checkpoint.safetensors"]);
    assert.deepEqual(new Uint8Array(await readFile(path)), encodeCheckpoint(checkpoint));
  });

  it("replaces the checkpoint saved before", async () => {
    const path = join(folder, "twice.safetensors");
    await saveCheckpoint(path, checkpoint);
    const later = { ...checkpoint, arrays: { w: ndarray([4], [1]) } };
    await saveCheckpoint(path, later);
    assert.deepEqual(await loadCheckpoint(path), later);
  });

  it("reports a missing file", async () => {
    const message = /expected a checkpoint \(.*\), got no such file; check the path/;
    await rejects(join(folder, "absent.safetensors"), message, FileError);
    await rejects(join(folder, "absent", "run"), message, FileError);
  });

  it("reports a folder without a checkpoint", async () => {
    const empty = join(folder, "empty");
    await mkdir(empty);
    await rejects(empty, /empty.checkpoint\.safetensors: .*no such file/, FileError);
  });

  it("names the file that is truncated", async () => {
    const path = join(folder, "cut.safetensors");
    const bytes = encodeCheckpoint(checkpoint);
    await writeFile(path, bytes.subarray(0, bytes.length - 1));
    await rejects(path, /expected 12 bytes of data, got 11; the file is truncated/);
    await writeFile(path, "");
    await rejects(path, /got 0 bytes/);
  });

  it("refuses to save over a folder", async () => {
    const path = join(folder, "busy");
    await mkdir(join(path, "inside"), { recursive: true });
    await assert.rejects(saveCheckpoint(path, checkpoint), FileError);
  });
});
