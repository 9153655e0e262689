import type { Engine } from "../engine/index.js";
import { openData } from "../data/files.js";
import { UsageError } from "../errors.js";
import { dataNames, expectReadFrom, type Split } from "../data/index.js";
import { openRunner, type Runner } from "../runner/index.js";
import { withEngine, type EngineSettings } from "./engine.js";
import { openRun, type Run } from "./open-run.js";
import type { Listener } from "./listener.js";
import { openPictureData, openPictureSplit } from "./picture-data.js";
import { openTableData } from "./table-run.js";

/** A run with its model open. */
export interface Trained {
  readonly run: Run;
  readonly runner: Runner;
  readonly engine: Engine;
}

/**
 * Opens a run's model for as long as `use` takes, on as many threads as the run had unless others
 * are given.
 *
 * @param path the run's folder, one of the checkpoints in it, or a checkpoint alone
 */
export async function withTrained<T>(
  path: string,
  { threads, device }: EngineSettings,
  use: (trained: Trained) => Promise<T>,
): Promise<T> {
  const run = await openRun(path);
  return withEngine({ threads: threads ?? run.config.threads, device }, async (engine) => {
    const runner = await openRunner(run.checkpoint, { engine });
    return use({ run, runner, engine });
  });
}

/** Which data to measure a run on. */
export interface SplitChoice {
  /** `test`, or `validation` of tables and pictures, unless given. */
  readonly split?: Split["name"] | undefined;
  /** Folder of the data sets; the run's unless given. */
  readonly dataDir?: string | undefined;
  /** Folder of other pictures, or a single one, in place of the run's data. */
  readonly data?: string | undefined;
}

/**
 * A split of the data that a run was trained on, or of others.
 * @throws {UsageError} if the choice doesn't suit the run.
 */
export async function splitOf(
  { run, runner }: Trained,
  { split, dataDir, data: other }: SplitChoice,
  { isLabelled, listener }: { readonly isLabelled: boolean; readonly listener: Listener },
): Promise<Split> {
  const { data, table, pictures } = run.config;
  if (other !== undefined) {
    if (split !== undefined || dataDir !== undefined) {
      throw new UsageError(
        `--data: expected no --split and no --data-dir beside it, got ${split ?? dataDir}; leave one out`,
      );
    }
    if (!runner.data) {
      throw new UsageError(
        `--data: expected a run whose checkpoint describes its data, got an older one; train again`,
      );
    }
    return openPictureSplit(other, runner.data, { isLabelled, listener });
  }
  if (dataDir !== undefined) {
    const own = table
      ? `the rows of ${table.file}`
      : pictures && `the pictures in ${pictures.folder}`;
    if (own !== undefined) {
      throw new UsageError(
        `--data-dir: expected a run on data known by name, got one on ${own}; leave it out`,
      );
    }
    expectReadFrom(data.name, "--data-dir");
  }
  if (!run.folder && !dataNames().includes(data.name)) {
    const got = runner.data?.table ? "rows of a file" : data.name || "none that are described";
    throw new UsageError(
      `${run.file}: expected a checkpoint of data known by name, or a run's folder, got one alone of ${got}; name the data with --data`,
    );
  }
  const set = table
    ? await openTableData(table)
    : pictures
      ? await openPictureData(pictures, listener)
      : await openData(data.name, { folder: dataDir ?? data.folder });
  return set.split(split ?? (table || pictures ? "validation" : "test"));
}
