import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { expectKind } from "../border/kinds.js";
import * as z from "zod";
import { ranges } from "../border/ranges.js";
import { devices } from "../engine/node.js";
import { FileError, UsageError } from "../errors.js";
import { parseJsonObject, type JsonValue } from "../json.js";
import { BEST_FILE, CHECKPOINT_FILE, loadCheckpoint } from "../checkpoint/checkpoint-file.js";
import type { Checkpoint } from "../checkpoint/index.js";
import { expectModel } from "../checkpoint/checkpoint.js";
import { whole } from "../models/config.js";
import { isTemporary, writeFileAtomic } from "../files/atomic-file.js";
import { LOCK_FILE, withLock } from "../files/lock.js";
import { readText } from "../files/read-file.js";
import { tableModelNames } from "../tables/index.js";
import { parseTrainingConfig, type TrainingConfig } from "../train/config.js";

const jsonValue = z.json().transform((config): JsonValue => config);

const names = z.array(z.string()).readonly();

const runConfig = z.object({
  preset: z.string(),
  /** The command line that began it. */
  command: z.string(),
  /** The version of this package. */
  version: z.string(),
  data: z.object({ name: z.string(), folder: z.string() }),
  /** The plan of a file of rows; absent where the data are known by name. */
  table: z
    .object({
      file: z.string(),
      /** What its columns are for. */
      use: z.strictObject({
        label: z.string().exactOptional(),
        condition: names.exactOptional(),
        ignore: names.exactOptional(),
        holdout: z.number().exactOptional(),
        missing: z.enum(["model", "refuse"]).exactOptional(),
        model: z.enum(tableModelNames()).exactOptional(),
      }),
      columns: z.array(z.object({ column: z.string(), text: z.string() })),
      /** Mean log p of held-out rows for each noise that was tried; null where it was no number. */
      trials: z.array(z.object({ noise: z.number(), logProb: z.number().nullable() })),
      noise: z.number(),
      logProb: z.number(),
      heldOut: z.number(),
      /** Held-out rows that chose the model, which alone `logProb` is of; absent in older runs. */
      choosing: z.number().exactOptional(),
      step: z.number(),
    })
    .optional(),
  /** How a folder of pictures is read; absent where the data aren't one. */
  pictures: z
    .object({
      folder: z.string(),
      /** Pictures that there were: with others it would be another run. */
      count: z.int().positive(),
      /** `[height, width]`; that of the pictures unless given. */
      size: z.tuple([z.int(), z.int()]).readonly().exactOptional(),
      fit: z.enum(["crop", "stretch"]).exactOptional(),
      channels: z.enum(["grey", "rgb"]).exactOptional(),
      /** Whether subfolders are classes. */
      labels: z.enum(["folders", "none"]),
      /** Whether the class is the condition of a density. */
      conditional: z.boolean().exactOptional(),
      /** Share of the pictures that is held out. */
      holdout: z.number().exactOptional(),
    })
    .optional(),
  model: z.object({ kind: z.string(), config: jsonValue }),
  /** Absent where the weights were imported. */
  training: z.json().optional(),
  /** Where imported weights come from; absent where they were trained. */
  imported: z
    .object({ file: z.string(), from: z.string(), differences: z.array(z.string()) })
    .optional(),
  /** Earlier configurations of the training, each with the step at which it ended. */
  stages: z.array(z.object({ to: whole(ranges.steps), training: jsonValue })).optional(),
  /** The checkpoint that the run started from, if it didn't start afresh. */
  from: z.string().optional(),
  /** Steps between validations; absent where the weights were imported, as is the next. */
  validateEvery: whole(ranges.steps).optional(),
  /** Steps between checkpoints. */
  checkpointEvery: whole(ranges.steps).optional(),
  /** Validations without a better likelihood after which training ends; it doesn't unless given. */
  patience: whole(ranges.steps).optional(),
  threads: whole(ranges.threads),
  /** `cpu` unless given. */
  device: z.enum(devices).optional(),
  /** Engines that share each step; absent until a measurement has told. */
  workers: whole(ranges.workers).optional(),
  /** What it began on: the bits depend on it. */
  engine: z.string().optional(),
  hardware: z.object({ cpu: z.string(), memory: z.string(), system: z.string(), node: z.string() }),
});

/**
 * A run's configuration, as its folder keeps it: of one that trains, or of weights that were imported.
 */
export interface SavedConfig extends Omit<z.output<typeof runConfig>, "training"> {
  readonly training?: TrainingConfig;
}

/** The configuration of a run that trains: enough to repeat it, or to continue it. */
export interface RunConfig extends SavedConfig {
  readonly training: TrainingConfig;
  readonly validateEvery: number;
  readonly checkpointEvery: number;
}

/** @throws {UsageError} if the run's weights were imported. */
export function expectTrains(config: SavedConfig): RunConfig {
  const { training, validateEvery, checkpointEvery, imported } = config;
  if (training && validateEvery !== undefined && checkpointEvery !== undefined) {
    return { ...config, training, validateEvery, checkpointEvery };
  }
  throw new UsageError(
    `train: expected a run that is trained, got ${imported ? `weights imported from ${imported.file}` : "a checkpoint alone"}; begin a run of a preset with: iresnet train PRESET`,
  );
}

/** Paths of a run's files. */
export class RunFolder {
  readonly path: string;
  readonly config: string;
  readonly metrics: string;
  /** The newest state of training. */
  readonly checkpoint: string;
  /** The state that validated best. */
  readonly best: string;
  readonly reconstruction: string;
  /** The file of a 2-D density's figures. */
  readonly plane: string;
  readonly report: string;

  /** @throws {UsageError} if the path is empty, which would stand for the current folder. */
  constructor(path: string) {
    expectKind(path, "path", "RunFolder");
    this.path = path;
    this.config = join(path, "config.json");
    this.metrics = join(path, "metrics.jsonl");
    this.checkpoint = join(path, CHECKPOINT_FILE);
    this.best = join(path, BEST_FILE);
    this.reconstruction = join(path, "reconstruction.json");
    this.plane = join(path, "plane.json");
    this.report = join(path, "report.html");
  }

  evaluation(split: string): string {
    return join(this.path, `evaluation-${split}.json`);
  }

  picture(name: string): string {
    return join(this.path, "pictures", name);
  }
}

/**
 * Makes a run's folder, with its configuration.
 * @throws {UsageError} if there is one already.
 */
export async function createRun(path: string, config: SavedConfig): Promise<RunFolder> {
  const folder = new RunFolder(path);
  expectNoRun(path);
  await withLock(path, async () => {
    expectNoRun(path);
    await writeJson(folder.config, config);
  });
  return folder;
}

/**
 * A run that never began is no obstacle: it has nothing but a configuration.
 * @throws {UsageError} if there is anything else at this path.
 */
export function expectNoRun(path: string): void {
  const folder = new RunFolder(path);
  if (holdsOnly(path, [basename(folder.config)])) return;
  throw new UsageError(
    existsSync(folder.config)
      ? `${path}: expected no such folder, got an earlier run; resume it, or choose another folder`
      : `${path}: expected no such folder, got one that is no run; choose another folder`,
  );
}

/** Whether there is nothing at a path, or a folder of these files and what a kill may leave. */
export function holdsOnly(path: string, names: readonly string[]): boolean {
  if (!existsSync(path)) return true;
  if (!statSync(path).isDirectory()) return false;
  const known = [LOCK_FILE, ...names];
  return readdirSync(path).every((name) => known.includes(name) || isTemporary(name));
}

/**
 * @throws {FileError} if the folder isn't that of a run.
 * @throws {UsageError} if its training isn't configured rightly.
 */
export async function readRunConfig(folder: RunFolder): Promise<SavedConfig> {
  const config = await readJson(folder.config, runConfig);
  const { training, ...rest } = config;
  return { ...rest, ...(training && { training: parseTrainingConfig(training) }) };
}

/**
 * The newest state of a run's training, if it has begun.
 * @throws {CheckpointError} if it is damaged or of another model.
 */
export async function readCheckpoint(
  { checkpoint: path }: RunFolder,
  { model }: SavedConfig,
): Promise<Checkpoint | undefined> {
  if (!existsSync(path)) return undefined;
  const checkpoint = await loadCheckpoint(path);
  expectModel(checkpoint, model, path);
  return checkpoint;
}

export async function writeJson(path: string, value: object): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Bytes of a file of JSON: a configuration has some thousand. */
const mostJson = 2 ** 26;

/** @throws {FileError} if the file is missing, or doesn't hold what it should. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readText(path, { expected: "a file of a run", most: mostJson });
  const result = schema.safeParse(parseJsonObject(text));
  if (result.success) return result.data;
  throw new FileError(
    `${path}: expected a file that iresnet wrote, got another or a damaged one; restore it: ${z.prettifyError(result.error)}`,
  );
}
