import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, resolve } from "node:path";
import { expectKind } from "../border/kinds.js";
import { loadCheckpoint } from "../checkpoint/checkpoint-file.js";
import type { Checkpoint } from "../checkpoint/index.js";
import { expectModel } from "../checkpoint/checkpoint.js";
import { version } from "../version.js";
import { hardware } from "./configuration.js";
import { readRunConfig, RunFolder, type SavedConfig } from "./run-folder.js";

/** A checkpoint with the run it comes from. */
export interface Run {
  /** Absent where the checkpoint is a file alone: what is measured of it isn't kept. */
  readonly folder?: RunFolder;
  readonly config: SavedConfig;
  /** File of the checkpoint. */
  readonly file: string;
  readonly checkpoint: Checkpoint;
}

const ending = ".safetensors";

/**
 * Opens a run: the state that validated best, or else the newest one.
 *
 * @param path the run's folder, or one of the checkpoints in it; or a checkpoint alone, with or without
 *   its ending `.safetensors`
 * @throws {FileError} if it is missing.
 * @throws {CheckpointError} if it is damaged or of another model.
 */
export async function openRun(path: string): Promise<Run> {
  expectKind(path, "path", "openRun");
  const named = `${path}${ending}`;
  const place = !existsSync(path) && existsSync(named) ? named : path;
  const isFile = place.endsWith(ending);
  const folder = new RunFolder(isFile ? dirname(place) : place);
  if (isFile && !existsSync(folder.config)) return openAlone(place);
  const config = await readRunConfig(folder);
  const file = isFile ? place : existsSync(folder.best) ? folder.best : folder.checkpoint;
  const checkpoint = await loadCheckpoint(file);
  expectModel(checkpoint, config.model, file);
  return { folder, config, file, checkpoint };
}

async function openAlone(file: string): Promise<Run> {
  const checkpoint = await loadCheckpoint(file);
  const { model, data } = checkpoint;
  const config: SavedConfig = {
    preset: basename(file, ending),
    command: "",
    version,
    data: { name: data?.name ?? "", folder: resolve("data") },
    model,
    threads: availableParallelism(),
    hardware: hardware(),
  };
  return { config, file, checkpoint };
}
