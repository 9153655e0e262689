import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { abortable, unlessAborted } from "../engine/index.js";
import { UsageError } from "../errors.js";
import { auroc, Mahalanobis, neighbourDistances } from "../measure/index.js";
import { withEngine } from "../runs/engine.js";
import { counter, type Listener, type Watch } from "../runs/listener.js";
import { readJson, writeJson } from "../runs/run-folder.js";
import { anomalySplit, standardisedBy } from "./anomaly-split.js";
import {
  anomalyPlanSchema,
  splitResultSchema,
  type AnomalyPlan,
  type SplitResult,
} from "./anomaly-result.js";
import { finishAll } from "./at-once.js";
import { learnAndScore } from "./anomaly-scores.js";
import type { ReproductionFolder } from "./folder.js";
import { keptPlan } from "./kept-plan.js";
import { readLabelledTables, type LabelledTable } from "./labelled-tables.js";
import { chosen } from "./tasks.js";

/** What the user asked for; where a folder is gone on with, what is left out stays as it was. */
export interface AnomalyRequest {
  /** Folder of the tables. */
  readonly data?: string | undefined;
  /** Names of those to take; all unless given. */
  readonly rows?: readonly string[] | undefined;
  /** Splits of each table, 5 unless given. More of them may be asked for later. */
  readonly splits?: number | undefined;
  /** Decides all randomness; 0 unless given. */
  readonly seed?: number | undefined;
  /** Most steps of each training; the recipe's unless given. */
  readonly steps?: number | undefined;
  /** The command that begins it, for its report. */
  readonly command?: string | undefined;
}

export interface AnomalyOptions extends Watch {
  /** Splits under way at once, each on one thread; as many as there are threads unless given. */
  readonly atOnce?: number | undefined;
}

const usualSplits = 5;

/**
 * The plan that the folder has, to go on with, or else a new one, kept there.
 * @throws {UsageError} if there is none to go on with, or one in the way, or another was asked for.
 */
export async function openAnomalyPlan(
  { splits, ...request }: AnomalyRequest,
  folder: ReproductionFolder,
  { resume }: { readonly resume: boolean },
): Promise<AnomalyPlan> {
  const kept = await keptPlan(folder, request, {
    resume,
    schema: anomalyPlanSchema,
    fixed: ["data", "rows", "seed", "steps"],
    make: () => newPlan({ ...request, splits }),
  });
  if (splits === undefined || splits === kept.splits) return kept;
  const plan = { ...kept, splits };
  await writeJson(folder.plan, plan);
  return plan;
}

/**
 * Outlier detection on each table of a folder: half of the normal rows train, without labels, the
 * others and all outliers are scored, by what `fitTable` learned, by the log p of its flow alone, by the
 * mean distance to 5 nearest neighbours and by Mahalanobis distance, both on standardised columns. What
 * is finished is in the folder, and isn't done again.
 *
 * @returns a result of each split of each table, in their order; nothing if the signal ended it.
 * @throws {UsageError} if a table to take isn't there.
 * @throws {FileError} if the folder of tables can't be read or has none.
 * @throws {DataError} naming what isn't a number, or a table of too few normal rows.
 */
export async function reproduceAnomaly(
  plan: AnomalyPlan,
  folder: ReproductionFolder,
  { listener, signal, atOnce = availableParallelism() }: AnomalyOptions,
): Promise<readonly SplitResult[] | undefined> {
  const all = await readLabelledTables(plan.data, listener.warn.bind(listener));
  const tables = plan.rows ? chosen("table-anomaly", all, plan.rows) : all;
  const tasks = tables.flatMap((table) =>
    Array.from({ length: plan.splits }, (_, split) => ({
      id: `${table.name}-${split}`,
      table,
      split,
    })),
  );
  const lengthOf = ({ table }: (typeof tasks)[number]): number => table.x.data.length;
  return finishAll(tasks, { listener, signal, atOnce, lengthOf }, ({ id, table, split }, own) =>
    finishSplit(plan, table, split, folder.row(id), own),
  );
}

/** Learns and scores a split, or reads what came of it. */
async function finishSplit(
  { seed, steps }: AnomalyPlan,
  table: LabelledTable,
  split: number,
  file: string,
  { listener, signal }: Watch,
): Promise<SplitResult | undefined> {
  if (existsSync(file)) return readJson(file, splitResultSchema);
  const started = performance.now();
  const { train, scored, outliers } = anomalySplit(table, split, seed);
  const onProgress = counter(listener, { label: "train", unit: "steps" });
  const learned = await withEngine({ threads: 1 }, (engine) =>
    unlessAborted(signal, () =>
      learnAndScore(train, scored, {
        engine: abortable(engine, signal),
        seed: seed + split,
        steps,
        signal,
        onProgress,
      }),
    ),
  );
  if (!learned) return undefined;
  const { score, surprise, ...fitted } = learned;
  const standardised = standardisedBy(train);
  const [reference, rows] = [standardised(train), standardised(scored)];
  const result: SplitResult = {
    table: table.name,
    split,
    rows: table.outliers.length,
    columns: table.columns.length,
    outliers: table.outliers.filter(Boolean).length,
    trained: train.shape[0]!,
    auroc: {
      score: auroc(score, outliers),
      flow: auroc(surprise, outliers),
      neighbours: auroc(neighbourDistances(rows, reference), outliers),
      mahalanobis: auroc(new Mahalanobis(reference).distances(rows), outliers),
    },
    ...fitted,
    seconds: (performance.now() - started) / 1000,
  };
  await writeJson(file, result);
  note(listener, result);
  return result;
}

function note(
  listener: Listener,
  { auroc: { score, neighbours }, noise, seconds }: SplitResult,
): void {
  const percent = (area: number): string => (100 * area).toFixed(1);
  listener.note(
    `AUROC ${percent(score)} %, ${percent(neighbours)} % by neighbours; noise ${noise}, ${seconds.toFixed(0)} s`,
  );
}

function newPlan({ data, rows, steps, ...request }: AnomalyRequest): AnomalyPlan {
  if (data === undefined) {
    throw new UsageError(
      "table-anomaly: expected a folder of CSV files with a label column, got none; name it with --data",
      { name: "data" },
    );
  }
  return {
    reproduction: "table-anomaly",
    command: request.command ?? "",
    data,
    ...(rows && { rows }),
    splits: request.splits ?? usualSplits,
    seed: request.seed ?? 0,
    ...(steps !== undefined && { steps }),
  };
}
