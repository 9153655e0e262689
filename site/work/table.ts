import {
  csvText,
  decodeCheckpoint,
  encodeCheckpoint,
  exportOnnx,
  fitTable,
  openRunner,
  scoresAsTable,
  tableData,
  tableKinds,
  tableSummary,
  type Checkpoint,
  type ColumnSummary,
  type Runner,
  type Table,
  type TableFit,
  type TableProgress,
  type TableScores,
} from "iresnet";
import type { Bench } from "./bench.js";
import { exampleCsv } from "./table-example.js";
import { expectSize, readFile } from "./table-file.js";
import { scoreAll, type TableResults } from "./table-results.js";

/** Where the work stands. */
export type TableStage =
  | { readonly kind: "reading"; readonly share: number }
  | { readonly kind: "columns"; readonly columns: readonly ColumnSummary[]; readonly rows: number }
  | ({ readonly kind: "training"; readonly secondsLeft: number } & TableProgress)
  | { readonly kind: "scoring"; readonly rows: number; readonly of: number };

/** A model of a table. */
export interface TableModel {
  readonly name: string;
  readonly columns: readonly ColumnSummary[];
  /** What held-out rows say of it; absent of a checkpoint that was opened. */
  readonly heldOut?: Pick<TableFit, "logProb" | "heldOut" | "choosing">;
}

export interface TrainOptions {
  /** Names of columns to leave out. */
  readonly ignore: readonly string[];
  /** Most steps of the training. */
  readonly steps: number;
}

export interface TableWork {
  example(): string;
  /** Learns a file; nothing if it was cancelled before there was a model. */
  train(
    file: File,
    options: TrainOptions,
    told: (stage: TableStage) => void,
  ): Promise<TableModel | undefined>;
  /** Ends what is under way: of a training the best so far is kept, reading and scoring throw an AbortError. */
  cancel(): void;
  /** Opens a checkpoint of `iresnet train --data`, or one that this page saved. */
  openCheckpoint(file: File): Promise<TableModel>;
  /** Scores a file, or what was learned if none is given, by the model that is open. */
  score(file: File | undefined, told: (stage: TableStage) => void): Promise<TableResults>;
  /** The scores as `iresnet score` writes them. */
  scoresCsv(): Promise<string>;
  checkpoint(): Uint8Array;
  onnx(): Promise<Uint8Array>;
}

interface Open {
  readonly runner: Runner;
  readonly checkpoint: Checkpoint;
}

/** What the section on a table of the reader's own computes. */
export function open(bench: Bench): TableWork {
  let model: Open | undefined;
  let learned: Table | undefined;
  let scored: readonly TableScores[] = [];
  let stop = new AbortController();
  const begin = (): AbortSignal => (stop = new AbortController()).signal;
  const opened = (): Open => {
    if (model) return model;
    throw new Error("page: expected a model, got none yet; train on a file or open a checkpoint");
  };
  const take = async (checkpoint: Checkpoint, where: string): Promise<Runner> => {
    const runner = await openRunner(checkpoint, { engine: await bench.engine() });
    const { data, model: network } = runner;
    if (!data?.table || !network.density) {
      await runner.close();
      throw new Error(
        `${where}: expected a checkpoint of a table's density, got one of ${network.kind} on ${data?.name ?? "unknown data"}; make one with: npx iresnet train --data FILE`,
      );
    }
    await model?.runner.close();
    model = { runner, checkpoint };
    [learned, scored] = [undefined, []];
    return runner;
  };
  return {
    example: exampleCsv,
    train: async (file, { ignore, steps }, told) => {
      const signal = begin();
      const table = await readFile(file, {}, { signal, told: reading(told) });
      const data = tableData(table, { ignore });
      const columns = tableSummary(data);
      told({ kind: "columns", columns, rows: table.rows });
      const started = performance.now();
      const fitted = await fitTable(data, {
        engine: await bench.engine(),
        steps,
        signal,
        onWarning: () => undefined,
        onProgress: (progress) => {
          const perStep = (performance.now() - started) / 1000 / progress.step;
          told({
            kind: "training",
            secondsLeft: perStep * (progress.steps - progress.step),
            ...progress,
          });
        },
      });
      if (!fitted) return undefined;
      await take(fitted.checkpoint, file.name);
      learned = table;
      const { logProb, heldOut, choosing } = fitted;
      return { name: file.name, columns, heldOut: { logProb, heldOut, choosing } };
    },
    cancel: () => {
      stop.abort();
    },
    openCheckpoint: async (file) => {
      expectSize(file);
      const bytes = new Uint8Array(await file.arrayBuffer());
      const { data } = await take(decodeCheckpoint(bytes, file.name), file.name);
      return { name: file.name, columns: tableSummary(data!) };
    },
    score: async (file, told) => {
      const { runner } = opened();
      const signal = begin();
      const { table: plan } = runner.data!;
      const table = file
        ? await readFile(
            file,
            { kinds: tableKinds(plan!), invalid: "missing" },
            { signal, told: reading(told) },
          )
        : learned;
      if (!table) throw new Error("page: expected a file to score, got none; choose one");
      const all = await scoreAll(runner, table, {
        signal,
        told: (rows) => {
          told({ kind: "scoring", rows, of: table.rows });
        },
      });
      ({ scored } = all);
      return all.results;
    },
    scoresCsv: async () => {
      let text = "";
      for await (const piece of csvText(scored.map((scores) => scoresAsTable(scores))))
        text += piece;
      return text;
    },
    checkpoint: () => encodeCheckpoint(opened().checkpoint),
    onnx: async () => (await exportOnnx(opened().runner, { to: "score" })).bytes,
  };
}

/** Tells the share of a file that has been read, once for each whole percent. */
function reading(told: (stage: TableStage) => void): (share: number) => void {
  let last = -1;
  return (share) => {
    const percent = Math.floor(100 * share);
    if (percent !== last) told({ kind: "reading", share });
    last = percent;
  };
}
