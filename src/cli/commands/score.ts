import type { Command } from "commander";
import { openTable } from "../../data/readers/index.js";
import { fileSource } from "../../data/readers/node-source.js";
import { writeFileInPieces } from "../../data/writers/node-writer.js";
import { csvText } from "../../data/writers/index.js";
import type { Table } from "../../data/table.js";
import { UsageError } from "../../errors.js";
import type { AnyRunner } from "../../runner/index.js";
import { withTrained } from "../../runs/trained.js";
import {
  predictionsAsTable,
  predictTable,
  ScoreCount,
  scoresAsTable,
  scoreTable,
  tableKinds,
  type ScoreSummary,
} from "../../tables/index.js";
import { table } from "../../text.js";
import { withJson, withThreads } from "../options.js";
import type { EngineOptions, ResultOptions } from "../options.js";
import { perform } from "../perform.js";
import type { Terminal } from "../terminal.js";

interface ScoreOptions extends EngineOptions, ResultOptions {
  readonly out?: string;
}

/** Rates of false alarms whose flagged rows are counted. */
const rates = [0.01, 0.05];

export function addScore(program: Command): void {
  const command = program
    .command("score")
    .description("say how unusual each row of a file is, or its class, by a run on a table")
    .argument("<run>", "folder of a run of `iresnet train --data FILE`")
    .argument("<file>", "rows with the same columns: CSV, JSON, NPZ, Parquet; - for standard input")
    .option("--out <file.csv>", "where scores go, .csv or .csv.gz (default: standard output)");
  withJson(withThreads(command))
    .addHelpText(
      "after",
      `
Examples:
  iresnet score runs/my new.csv --out scores.csv
  head -2 new.csv | iresnet score runs/my -

A line of scores for each row, in order: its line in the file, log p in nats in the units of the
file, the anomaly score (0 for the usual row, in standard deviations), the p-value: the share of
held-out rows that are as unusual, so that flagging p <= 0.01 gives false alarms on 1 % of normal
rows; and a note where a row can't be scored. A conditional density reads the condition's columns
too: log p is that of the others given these. A classifier's lines hold the most probable class and
the probability of each. Memory doesn't grow with the file.`,
    )
    .action((run: string, file: string, options: ScoreOptions) =>
      perform(options, (terminal) => score(terminal, run, file, options)),
    );
}

async function score(
  terminal: Terminal,
  path: string,
  file: string,
  { out, json, threads = 1, device }: ScoreOptions,
): Promise<void> {
  if (out !== undefined && !/\.csv(\.gz)?$/.test(out)) {
    throw new UsageError(`--out: expected a name that ends in .csv or .csv.gz, got ${out}`);
  }
  if (json && out === undefined) {
    throw new UsageError(
      "--json: expected --out beside it, as both would print; add --out scores.csv",
    );
  }
  await withTrained(path, { threads, device }, async ({ run, runner }) => {
    const plan = runner.data?.table;
    if (!plan) {
      throw new UsageError(
        `${path}: expected a run on a table, got one of ${run.config.preset}; make one with: iresnet train --data FILE`,
      );
    }
    const reader = await openTable(await fileSource(file), {
      kinds: tableKinds(plan),
      invalid: "missing",
    });
    const count = new ScoreCount(rates);
    const text = csvText(resultsOf(runner, reader.chunks(), count, terminal));
    if (out === undefined) {
      for await (const piece of text) terminal.piece(piece);
    } else await writeFileInPieces(out, text);
    const summary = count.summary();
    warn(terminal, reader.name, summary);
    const said = textOf(summary);
    if (out === undefined) terminal.note(said);
    else terminal.result({ run: run.folder.path, file: out, ...summary }, `${said}\n\n${out}`);
  });
}

/** What a model says of the chunks of a file, as tables to write. */
async function* resultsOf(
  runner: AnyRunner,
  chunks: AsyncIterable<Table>,
  count: ScoreCount,
  terminal: Terminal,
): AsyncGenerator<Table> {
  const { density, classifier } = runner.model;
  const started = performance.now();
  for await (const chunk of chunks) {
    const scores = density && (await scoreTable(runner, chunk, { first: count.rows }));
    const predictions = classifier && (await predictTable(runner, chunk));
    count.add(scores, predictions);
    const rate = count.rows / ((performance.now() - started) / 1000);
    terminal.progress({ label: "score", done: count.rows, unit: "rows", rate });
    yield scores ? scoresAsTable(scores, predictions) : predictionsAsTable(predictions!);
  }
}

function warn(
  terminal: Terminal,
  name: string,
  { unscored, problems, surplus }: ScoreSummary,
): void {
  if (surplus.length > 0) {
    terminal.warn(
      `${name}: passed over columns that training didn't see: ${surplus.map((column) => `"${column}"`).join(", ")}`,
    );
  }
  for (const { line, column, expected, got } of problems) {
    const place = column === "" ? `line ${line}` : `line ${line}, column "${column}"`;
    terminal.warn(`${name}: ${place}: expected ${expected}, got ${got}; the row isn't scored`);
  }
  if (unscored > problems.length) terminal.warn(`${name}: ${unscored} rows in all aren't scored`);
}

function textOf({ rows, unscored, deviating, flagged, predictions }: ScoreSummary): string {
  const share = (count: number, of: number): string =>
    `${count} (${((100 * count) / Math.max(1, of)).toFixed(2)} %)`;
  const scored = rows - unscored;
  const known = predictions?.known;
  return table([
    ["rows", String(rows)],
    ["not scored", String(unscored)],
    ...(deviating === undefined ? [] : [["unlike anything in training", String(deviating)]]),
    ...(flagged ?? []).map(({ rate, rows: count }) => [`p <= ${rate}`, share(count, scored)]),
    ...(predictions?.classes ?? []).map(({ name, rows: count }) => [`class ${name}`, share(count, scored)]),
    ...(known ? [["wrong, of known class", share(known.errors, known.rows)]] : []),
  ]);
}
