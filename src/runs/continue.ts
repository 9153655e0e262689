import type { Checkpoint } from "../checkpoint/index.js";
import { expectReadFrom } from "../data/index.js";
import { FileError, UsageError } from "../errors.js";
import { withLock } from "../files/lock.js";
import { sameJson, type JsonObject } from "../json.js";
import { parseTrainingConfig } from "../train/config.js";
import { workersConfig, type Overrides } from "./configuration.js";
import type { Listener } from "./listener.js";
import { prepareRun, type PreparedRun } from "./prepare.js";
import {
  expectTrains,
  readCheckpoint,
  readRunConfig,
  RunFolder,
  writeJson,
  type RunConfig,
} from "./run-folder.js";

/** What may change when a run goes on. */
export type Change = Pick<Overrides, "dataDir" | "threads" | "device" | "workers" | "steps" | "lr">;

/** A run to go on with. */
export interface Continued {
  readonly folder: RunFolder;
  readonly prepared: PreparedRun;
  /** Its newest state; none if it hasn't begun. */
  readonly checkpoint: Checkpoint | undefined;
}

/**
 * A run to go on with. Without `steps` and `lr` it goes on bit for bit as if it had never ended. With
 * them a new stage of its training begins, which `config.json` keeps with those before: parameters,
 * the optimizer's state, batches and noise go on, and the schedule begins anew. So the same changes
 * at the same step give the same bits, but not those of a run that was longer from the start.
 *
 * @param listener told how many pictures are read
 * @throws {UsageError} if it is a run on a table, or there would be no step left.
 * @throws {FileError} if the folder isn't a run's, its configuration was edited, it lost the numbers
 * of another that it started with, or it is to change while another process holds it.
 * @throws {DataError} if its data are missing, damaged or don't fit its model.
 * @throws {CheckpointError} if its checkpoint is damaged or of another model.
 */
export async function continueRun(
  path: string,
  change: Change,
  listener?: Listener,
): Promise<Continued> {
  const { dataDir, threads, device, workers } = change;
  const folder = new RunFolder(path);
  const { workers: before, ...saved } = expectTrains(await readRunConfig(folder));
  if (saved.table) {
    throw new UsageError(
      `--resume: expected a run of a preset, got one on a table, which ended by itself; train again with: iresnet train --data ${saved.table.file}`,
    );
  }
  if (dataDir !== undefined && saved.pictures) {
    throw new UsageError(
      `--data-dir: expected a run on data known by name, got one on the pictures in ${saved.pictures.folder}; leave it out`,
    );
  }
  if (dataDir !== undefined) expectReadFrom(saved.data.name, "--data-dir");
  const checkpoint = await readCheckpoint(folder, saved);
  if (saved.from !== undefined && !checkpoint) {
    throw new FileError(
      `${folder.checkpoint}: expected the numbers that the run started with, got no such file; begin it again in another folder with: iresnet train --from ${saved.from}`,
    );
  }
  expectUnedited(saved, checkpoint, folder.config);
  const hasBegun = saved.engine !== undefined;
  const staged = withStage(saved, change, checkpoint?.training?.step ?? 0);
  const config: RunConfig = {
    ...staged,
    ...(threads !== undefined && { threads }),
    ...(device && { device }),
    ...workersConfig(workers ?? before ?? (hasBegun ? 1 : "auto")),
    data: { ...saved.data, ...(dataDir !== undefined && { folder: dataDir }) },
  };
  const prepared = await prepareRun(config, listener);
  if (staged !== saved) {
    const kept = { ...staged, ...(before !== undefined && { workers: before }) };
    await withLock(path, () => writeJson(folder.config, kept));
  }
  return { folder, prepared, checkpoint };
}

/** A configuration with other steps or another learning rate from a step on. */
function withStage(config: RunConfig, { steps, lr }: Change, step: number): RunConfig {
  if (steps === undefined && lr === undefined) return config;
  const before = config.training;
  if ((steps ?? before.steps) <= step) {
    throw new UsageError(
      `--steps: expected more than the ${step} steps that the run has taken, got ${steps ?? "none"}; say how many there are to be in all`,
      { name: "steps" },
    );
  }
  const training = parseTrainingConfig({
    ...before,
    ...(steps !== undefined && { steps }),
    ...(step > 0 && { from: step }),
    schedule: { ...before.schedule, ...(lr !== undefined && { learningRate: lr }) },
  });
  if (step === 0 || before.from === step) return { ...config, training };
  return {
    ...config,
    training,
    stages: [...(config.stages ?? []), { to: step, training: before }],
  };
}

/**
 * The checkpoint says how it was trained: another configuration would give a run that neither of
 * them describes.
 */
function expectUnedited(
  { training, data }: RunConfig,
  checkpoint: Checkpoint | undefined,
  path: string,
): void {
  const state = checkpoint?.training;
  // The first step of a new stage may not have been saved.
  if (!state || training.from === state.step) return;
  const edited = [
    // A default that is younger than the checkpoint is what the checkpoint was trained with.
    ...differences(training, parseTrainingConfig(state.config)),
    ...(checkpoint.data && checkpoint.data.name !== data.name ? ["data.name"] : []),
  ];
  if (edited.length === 0) return;
  throw new FileError(
    `${path}: expected the configuration that the checkpoint was trained with, got another ${edited.join(", ")}; undo the edit, and change a run by --steps and --lr`,
    { name: edited[0]! },
  );
}

function differences(now: JsonObject, before: JsonObject): string[] {
  return [...new Set([...Object.keys(now), ...Object.keys(before)])]
    .filter((name) => !sameJson(now[name] ?? null, before[name] ?? null))
    .map((name) => `training.${name}`);
}
