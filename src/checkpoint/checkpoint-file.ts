import { stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../files/atomic-file.js";
import { readWholeFile } from "../files/read-file.js";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
  type EncodeCheckpointOptions,
} from "./checkpoint.js";

/** Name of a run's newest checkpoint within its folder. */
export const CHECKPOINT_FILE = "checkpoint.safetensors";

/** Name of the checkpoint of the state of a run that validated best, within its folder. */
export const BEST_FILE = "best.safetensors";

/**
 * Saves a checkpoint atomically: a crash or a full disk leaves the previous one as it was.
 *
 * @throws {FileError} if the file cannot be written.
 * @throws as {@link encodeCheckpoint}.
 */
export async function saveCheckpoint(
  path: string,
  checkpoint: Checkpoint,
  options: EncodeCheckpointOptions = {},
): Promise<void> {
  await writeFileAtomic(path, encodeCheckpoint(checkpoint, options));
}

/**
 * Loads a checkpoint from a file, or from the folder of a run its newest one.
 *
 * @throws {FileError} if there is none, or it cannot be read.
 * @throws {CheckpointError} if it is truncated, malformed or of a newer format.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const found = await stat(path).catch(() => undefined);
  const file = found?.isDirectory() === true ? join(path, CHECKPOINT_FILE) : path;
  const expected = "a checkpoint (a .safetensors file or the folder of a run)";
  return decodeCheckpoint(await readWholeFile(file, { expected }), file);
}
