import { resolve } from "node:path";
import type { Checkpoint } from "../checkpoint/index.js";
import { modelArrays } from "../checkpoint/open.js";
import { saveCheckpoint } from "../checkpoint/checkpoint-file.js";
import { describeData } from "../data/index.js";
import { UsageError } from "../errors.js";
import { withTrainingArrays } from "../train/layout.js";
import { findPreset } from "../train/presets/index.js";
import { configureFrom, type Overrides } from "./configuration.js";
import type { PreparedRun } from "./prepare.js";
import { openRun } from "./open-run.js";
import { expectTrains, type RunConfig, type RunFolder } from "./run-folder.js";

/** What decides the model, and so stays as it is. */
const ofModel = ["c", "vanilla", "activation"] as const;

/** A run that starts from the numbers of another. */
export interface FineTuning {
  readonly config: RunConfig;
  readonly checkpoint: Checkpoint;
}

/**
 * The configuration of a run that starts from another's numbers: its model, trained as that run was,
 * or as a preset says, with the user's changes.
 *
 * @param path the other run's folder, of which the best checkpoint is taken, or a checkpoint in it or alone
 * @throws {UsageError} if a change is one of the model.
 * @throws {FileError} if there is no such run.
 * @throws {CheckpointError} if its checkpoint is damaged.
 */
export async function fineTuning(
  path: string,
  presetName: string | undefined,
  overrides: Overrides,
): Promise<FineTuning> {
  const other = ofModel.find((name) => overrides[name] !== undefined);
  if (other !== undefined) {
    throw new UsageError(
      `--from: expected no option of the model, which is the checkpoint's, got ${other}; leave it out, or train afresh`,
      { name: other },
    );
  }
  const { config: theirs, checkpoint, file } = await openRun(path);
  const { preset: name, data } = theirs;
  const source =
    presetName === undefined
      ? { name, data: data.name, training: { ...expectTrains(theirs).training, from: 0 } }
      : findPreset(presetName);
  const config = configureFrom(
    { ...source, model: checkpoint.model },
    { ...(presetName === undefined && { dataDir: data.folder }), ...overrides },
  );
  return { config: { ...config, from: resolve(file) }, checkpoint };
}

/**
 * Saves the state of no step that the run goes on from: the other's numbers, moving averages where it
 * has any, and an optimizer that has seen nothing.
 *
 * @throws {CheckpointError} if the numbers aren't the model's, or not finite.
 */
export async function beginFrom(
  { arrays }: Checkpoint,
  { config: { model: own, training }, model, data }: PreparedRun,
  folder: RunFolder,
): Promise<Checkpoint> {
  const start: Checkpoint = {
    format: 1,
    model: own,
    data: describeData(data),
    training: { seed: training.seed, step: 0, elapsedSeconds: 0, config: training },
    arrays: withTrainingArrays(model, modelArrays(model, arrays, folder.path), training),
  };
  await saveCheckpoint(folder.checkpoint, start);
  return start;
}
