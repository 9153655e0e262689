import { InvalidArgumentError, type Command } from "commander";
import { openTable } from "../../data/readers/index.js";
import { fileSource } from "../../data/readers/node-source.js";
import { writeFileInPieces } from "../../data/writers/node-writer.js";
import { csvText } from "../../data/writers/index.js";
import { UsageError } from "../../errors.js";
import { counter } from "../../runs/listener.js";
import { withTrained } from "../../runs/trained.js";
import {
  ScoreCount,
  scoreReader,
  tableKinds,
  type ScoreSummary,
  type Shard,
} from "../../tables/index.js";
import { table } from "../../text.js";
import { names, pathArgument, realOption, withJson, withThreads } from "../options.js";
import type { EngineOptions, ResultOptions } from "../options.js";
import { interruptible } from "../interrupt.js";
import { perform } from "../perform.js";
import { pictureSummaryText, scoredPictures } from "../pictures.js";
import { falseAlarmRates, warnOfRows } from "../rows.js";
import type { Terminal } from "../terminal.js";

interface ScoreOptions extends EngineOptions, ResultOptions {
  readonly out?: string;
  readonly explain?: true | number;
  readonly keep?: true | readonly string[];
  readonly shard?: Shard;
}

/** The p-value up to which rows are explained. */
const usualExplained = 0.05;

export function addScore(program: Command): void {
  const command = program
    .command("score")
    .description("say how unusual each row of a file, or each picture, is; or its class")
    .argument("<run>", "folder of a run of `iresnet train --data`", pathArgument)
    .argument(
      "<data>",
      "rows with the same columns: CSV, JSON, NPZ, Parquet; - for standard input; or a folder of pictures, or one",
    )
    .optionsGroup("Simple options:")
    .option(
      "--out <file.csv>",
      "where scores go, .csv or .csv.gz (default: standard output)",
      pathArgument,
    )
    .addOption(
      realOption(
        "--explain [p]",
        `say of rows with a p-value of at most this which columns make them unusual (default: ${usualExplained})`,
        { text: "above 0 and up to 1", has: (p) => p > 0 && p <= 1 },
      ),
    )
    .option(
      "--keep [columns]",
      "columns of the file to pass through as they stand, separated by commas (default: all)",
      names,
    )
    .option("--shard <i/n>", "score part i of n alone: every n-th row", shard);
  withJson(withThreads(command))
    .addHelpText(
      "after",
      `
Examples:
  iresnet score runs/my new.csv --out scores.csv
  iresnet score runs/my new.csv --out scores.csv --explain --keep id,date
  iresnet score runs/my huge.parquet --out part-2.csv.gz --shard 2/8
  head -2 new.csv | iresnet score runs/my -
  iresnet score runs/pictures new-pictures --out scores.csv

A line of scores for each row, in order: its line in the file, log p in nats in the units of the
file, the anomaly score (0 for the usual row, above 1 for what one in fifty normal rows exceeds),
the p-value: the share of held-out rows that are as unusual, so that flagging p <= 0.01 gives false
alarms on 1 % of normal rows; and a note where a row can't be scored. A conditional density reads
the condition's columns too: log p is that of the others given these. A classifier's lines hold the
most probable class and the probability of each. Memory doesn't grow with the file.

Explanations name up to three columns: because_1 is the one whose change alone would lower the score
most, drop_1 by how much, and usual_1 the value that it would have then.

A row's scores are the same in a shard as in the whole: all parts sorted by line are the whole.

A line for each picture, sorted by file. By a density: log p in nats, bits per dimension, the bits
of its PNG, the score (-log2 p less the PNG's bits: likelihood alone finds simple pictures usual),
the p-value as above. By a classifier: the class and its probability.`,
    )
    .action((run: string, file: string, options: ScoreOptions) =>
      perform(options, (terminal) => score(terminal, run, file, options)),
    );
}

function shard(text: string): Shard {
  const [, i, n] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(text) ?? [];
  const [index, count] = [Number(i), Number(n)];
  if (Number.isSafeInteger(count) && index <= count) return { index, count };
  throw new InvalidArgumentError("Expected part i of n, such as 1/4 for the first of four.");
}

async function score(
  terminal: Terminal,
  path: string,
  file: string,
  { out, explain, keep, shard, json, threads = 1, device }: ScoreOptions,
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
    if (!plan && runner.model.pixels) {
      expectNoRowOptions({ explain, keep, shard });
      const count = await interruptible(terminal, async (signal) => {
        const { tables, summary } = await scoredPictures(terminal, runner, file, signal);
        await writeScores(terminal, csvText(tables), out);
        return summary();
      });
      if (!count) return;
      say(
        terminal,
        { run: run.folder?.path ?? run.file, file: out },
        count,
        pictureSummaryText(count),
      );
      return;
    }
    if (!plan) {
      throw new UsageError(
        `${path}: expected a run on a table or on pictures, got one of ${run.config.preset}; make one with: iresnet train --data FILE`,
      );
    }
    const reader = await openTable(await fileSource(file), {
      kinds: tableKinds(plan),
      invalid: "missing",
    });
    const summary = await interruptible(terminal, async (signal) => {
      const count = new ScoreCount(falseAlarmRates);
      const onProgress = counter(terminal, { label: "score", unit: "rows" });
      const results = scoreReader(runner, reader, {
        ...(explain !== undefined && { explain: explain === true ? usualExplained : explain }),
        ...(keep !== undefined && { keep }),
        ...(shard && { shard }),
        onResults: (scores, predictions) => {
          signal.throwIfAborted();
          count.add(scores, predictions);
          onProgress(count.rows);
        },
      });
      await writeScores(terminal, csvText(results), out);
      return count.summary();
    });
    if (!summary) return;
    warnOfRows(terminal, reader.name, summary, runner.data);
    say(terminal, { run: run.folder?.path ?? run.file, file: out }, summary, textOf(summary));
  });
}

/** @throws {UsageError} if an option is one of files of rows. */
function expectNoRowOptions(
  options: Readonly<Record<"explain" | "keep" | "shard", unknown>>,
): void {
  const given = Object.entries(options).find(([, value]) => value !== undefined);
  if (!given) return;
  throw new UsageError(
    `--${given[0]}: expected a run on a table, got one on pictures; leave it out`,
  );
}

/** Writes the scores to a file, or to standard output. */
async function writeScores(
  terminal: Terminal,
  text: AsyncIterable<string>,
  out: string | undefined,
): Promise<void> {
  if (out !== undefined) return writeFileInPieces(out, text);
  for await (const piece of text) terminal.piece(piece);
}

/** Says what scores came to: as the result if they went to a file, else as a note beside them. */
function say(
  terminal: Terminal,
  { run, file }: { readonly run: string; readonly file: string | undefined },
  summary: object,
  text: string,
): void {
  if (file === undefined) terminal.note(text);
  else terminal.result({ run, file, ...summary }, `${text}\n\n${file}`);
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
    ...(predictions?.classes ?? []).map(({ name, rows: count }) => [
      `class ${name}`,
      share(count, scored),
    ]),
    ...(known ? [["wrong, of known class", share(known.errors, known.rows)]] : []),
  ]);
}
