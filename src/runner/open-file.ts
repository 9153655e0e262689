import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BEST_FILE, loadCheckpoint } from "../checkpoint/checkpoint-file.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { openNamed, openRunner as openSource, type RunnerOptions } from "./open.js";
import type { AnyRunner } from "./runner.js";

/**
 * Opens a trained model.
 *
 * @param source path of a checkpoint's file, or of a run's folder: its best checkpoint, else its
 *   newest; a checkpoint, or the bytes of its file
 * @throws {FileError} if there is no such file, or it can't be read.
 * @throws {CheckpointError} if the checkpoint is damaged, untrained or not finite.
 * @throws {UsageError} if no model of its kind is registered.
 * @throws {LipschitzError} if the weights' norms don't settle.
 */
export async function openRunner(
  source: string | Checkpoint | Uint8Array,
  options: RunnerOptions,
): Promise<AnyRunner> {
  if (typeof source !== "string") return openSource(source, options);
  const path = await bestOf(source);
  return openNamed(await loadCheckpoint(path), path, options);
}

/** The best checkpoint of a run's folder, if this is one and has it. */
async function bestOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  const best = join(path, BEST_FILE);
  return found?.isDirectory() === true && existsSync(best) ? best : path;
}
