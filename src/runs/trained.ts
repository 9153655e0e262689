import type { Engine } from "../engine/index.js";
import { openData } from "../data/files.js";
import { expectReadFrom, type Split } from "../data/index.js";
import { openRunner, type Runner } from "../runner/index.js";
import { withEngine, type EngineSettings } from "./engine.js";
import { openRun, type Run } from "./run-folder.js";
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
 * @param path the run's folder, or one of the checkpoints in it
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

/**
 * A split of the data that a run was trained on, in another folder if one is given: of a table the
 * held-out rows, of others those to test on, unless it is named.
 */
export async function splitOf(
  { config: { data, table } }: Run,
  name: Split["name"] | undefined,
  folder: string | undefined,
): Promise<Split> {
  if (folder !== undefined && !table) expectReadFrom(data.name, "dataDir");
  const set = table
    ? await openTableData(table)
    : await openData(data.name, { folder: folder ?? data.folder });
  return set.split(name ?? (table ? "validation" : "test"));
}
