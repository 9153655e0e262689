import { basename, dirname, resolve } from "node:path";
import { saveCheckpoint } from "../checkpoint/checkpoint-file.js";
import type { DataSet } from "../data/index.js";
import { openTable } from "../data/readers/index.js";
import { fileSource } from "../data/readers/node-source.js";
import { readTable } from "../data/table.js";
import {
  fitTable,
  tableData,
  tableSummary,
  type ColumnSummary,
  type TableDataOptions,
  type TableFit,
} from "../tables/index.js";
import type { Engine } from "../engine/index.js";
import type { Evaluation } from "../measure/index.js";
import { openRunner } from "../runner/index.js";
import { parseTrainingConfig } from "../train/config.js";
import { appendMetrics, type MetricsRecord } from "../train/metrics-file.js";
import { version } from "../version.js";
import { hardware } from "./configuration.js";
import { withEngine, type EngineSettings } from "./engine.js";
import type { Listener, Watch } from "./listener.js";
import { evaluateRun, saveEvaluation } from "./outcome.js";
import { writeReport } from "./report.js";
import { createRun, expectNoRun, type RunConfig, type RunFolder } from "./run-folder.js";
import { metricsOf } from "./train-run.js";

/** A file of rows, and what its columns are for. */
export interface TableFile {
  /** Path, or `-` for standard input. */
  readonly file: string;
  readonly use: TableDataOptions;
}

export interface TableRunOptions extends TableFile, EngineSettings {
  /** Folder of the run. */
  readonly out: string;
  /** The command that makes the run, for its report. */
  readonly command: string;
  readonly steps?: number | undefined;
  readonly seed?: number | undefined;
}

/** What came of a run on a table. */
export interface TableOutcome {
  readonly folder: RunFolder;
  readonly fit: TableFit;
  readonly columns: readonly ColumnSummary[];
  /** Of held-out rows, where the model tells classes. */
  readonly evaluation?: Evaluation;
}

/** Opens a file of rows as a data set. */
export async function openTableData(
  { file, use }: TableFile,
  listener?: Listener,
): Promise<DataSet> {
  const reader = await openTable(await fileSource(file));
  for (const found of reader.summary) listener?.note(`${reader.name}: ${found}`);
  const table = await readTable(reader);
  for (const warning of table.warnings) listener?.warn(warning);
  return tableData(table, use);
}

/**
 * Learns a file of rows, and saves the model with a report as a run. Nothing is saved before that is
 * done: a signal ends it early with the best so far.
 *
 * @returns nothing if the signal came before there was a model.
 * @throws {UsageError} if the folder exists, or there is no column of a name.
 * @throws {FileError} if the file can't be read.
 * @throws {DataError} naming the place of what isn't as it should be.
 */
export async function trainTable(
  options: TableRunOptions,
  { listener, signal }: Watch,
): Promise<TableOutcome | undefined> {
  const { out, use, steps, seed, device, threads = 1 } = options;
  expectNoRun(out);
  const data = await openTableData(options, listener);
  const columns = tableSummary(data);
  for (const { column, text } of columns) listener.note(`column "${column}": ${text}`);
  const metrics: MetricsRecord[] = [];
  let first: { readonly step: number; readonly at: number } | undefined;
  const learned = await withEngine({ threads, device }, async (engine) => {
    const fit = await fitTable(data, {
      engine,
      ...(use.model !== undefined && { model: use.model }),
      ...(steps !== undefined && { steps }),
      ...(seed !== undefined && { seed }),
      signal,
      // The columns' sentences have said all that matters.
      onWarning: () => undefined,
      onReport: (report) => {
        metrics.push(metricsOf(report));
        return Promise.resolve();
      },
      onProgress: ({ stage, noise, step, steps: total }) => {
        // The first step loads the graph as well.
        first ??= { step, at: performance.now() };
        const rate = (1000 * (step - first.step)) / Math.max(1, performance.now() - first.at);
        const label = stage === "trial" ? `try noise ${noise}` : `train with noise ${noise}`;
        listener.progress({ label, done: step, total, unit: "steps", rate });
      },
    });
    const evaluation = fit && (await evaluated(fit, data, engine, listener));
    return fit && { fit, engine: engine.description, ...(evaluation && { evaluation }) };
  });
  if (!learned) return undefined;
  const { fit, engine, evaluation } = learned;
  const config = configOf(options, fit, columns, { threads, engine, device });
  const folder = await createRun(out, config);
  for (const record of metrics) await appendMetrics(folder.metrics, record);
  await saveCheckpoint(folder.checkpoint, fit.checkpoint);
  if (evaluation) await saveEvaluation(folder, evaluation);
  await writeReport(folder);
  return { folder, fit, columns, ...(evaluation && { evaluation }) };
}

/** How well held-out rows are classified, if the model does that. */
async function evaluated(
  { checkpoint }: TableFit,
  data: DataSet,
  engine: Engine,
  listener: Listener,
): Promise<Evaluation | undefined> {
  const runner = await openRunner(checkpoint, { engine });
  try {
    if (!runner.model.classifier) return undefined;
    return await evaluateRun(runner, await data.split("validation"), listener);
  } finally {
    await runner.close();
  }
}

function configOf(
  { file, use, command }: TableRunOptions,
  { checkpoint, training, trials, noise, logProb, heldOut, choosing, step }: TableFit,
  columns: readonly ColumnSummary[],
  { threads, engine, device }: EngineSettings & { threads: number; engine: string },
): RunConfig {
  const path = file === "-" ? file : resolve(file);
  const parsed = parseTrainingConfig(training);
  return {
    preset: "table",
    command,
    version,
    data: { name: file === "-" ? "standard input" : basename(file), folder: dirname(path) },
    table: {
      file: path,
      use,
      columns: columns.map(({ column, text }) => ({ column, text })),
      trials: trials.map((trial) => ({
        noise: trial.noise,
        logProb: Number.isFinite(trial.logProb) ? trial.logProb : null,
      })),
      noise,
      logProb,
      heldOut,
      choosing,
      step,
    },
    model: checkpoint.model,
    training: parsed,
    validateEvery: parsed.steps,
    checkpointEvery: parsed.steps,
    threads,
    ...(device && { device }),
    workers: 1,
    engine,
    hardware: hardware(),
  };
}
