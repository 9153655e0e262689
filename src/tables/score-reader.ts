import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import { takeRows, type Column, type Table, type TableReader } from "../data/table.js";
import { UsageError } from "../errors.js";
import type { AnyRunner } from "../runner/index.js";
import { TableExplainer } from "./explain-table.js";
import { explanationColumns, mostNamed } from "./explanation-columns.js";
import { predictTable, type TablePredictions } from "./predict-table.js";
import { predictionsAsTable, scoresAsTable } from "./results-table.js";
import { scoreTable, type TableScores } from "./score-table.js";

/** One of several parts of a file. */
export interface Shard {
  /** 1 for the first. */
  readonly index: number;
  readonly count: number;
}

export interface ScoreReaderOptions {
  /** Every count-th row alone, from the index-th on; all unless given. */
  readonly shard?: Shard;
  /** Columns of the file to pass through as they stand, by name, or `true` for all; none unless given. */
  readonly keep?: true | readonly string[];
  /** Rows with a p-value of at most this are explained by {@link TableExplainer}; none unless given. */
  readonly explain?: number;
  /** Called with what the model says of each chunk, as `ScoreCount.add` takes it. */
  readonly onResults?: (scores?: TableScores, predictions?: TablePredictions) => void;
}

const where = "scoreReader";

/**
 * Scores a file chunk by chunk, as tables to write: {@link scoresAsTable}'s columns, those of
 * explanations, and columns of the file that are kept. Rows keep their order; none is dropped. One
 * chunk is in memory at a time.
 *
 * A shard's rows have the scores that they have among all: sorted by `line`, all shards' tables are
 * the whole file's.
 *
 * @param reader opened with `kinds: tableKinds(runner.data.table)` and `invalid: "missing"`
 * @throws {UsageError} if an option is unknown or out of its range, or there is no column of a name.
 * @throws as `scoreTable`, and what reading throws.
 */
export async function* scoreReader(
  runner: AnyRunner,
  reader: TableReader,
  options: ScoreReaderOptions = {},
): AsyncGenerator<Table> {
  expectKind(runner, "runner", where);
  expectKind(reader, "table reader", where);
  expectOptions(options, ["shard", "keep", "explain", "onResults"], where);
  const { shard = { index: 1, count: 1 }, explain, onResults } = options;
  expectShard(shard);
  if (explain !== undefined && !(explain > 0 && explain <= 1)) {
    throw new UsageError(`${where}: expected explain to be a p-value in (0, 1], got ${explain}`, {
      name: "explain",
    });
  }
  const kept = keptPlaces(reader, options.keep ?? []);
  const explainer = explain === undefined ? undefined : await TableExplainer.open(runner);
  const { density, classifier } = runner.model;
  const resultsOf = async (table: Table): Promise<Table> => {
    const scores = density && (await scoreTable(runner, table));
    const predictions = classifier && (await predictTable(runner, table));
    onResults?.(scores, predictions);
    const own = scores ? scoresAsTable(scores, predictions) : predictionsAsTable(predictions!);
    if (!explainer || !scores) return own;
    const rows = [...scores.pValue.keys()].filter((row) => scores.pValue[row]! <= explain!);
    const explained = await explainer.explain(table, { rows, most: mostNamed });
    return { ...own, columns: [...own.columns, ...explanationColumns(explained, table)] };
  };
  let before = 0;
  for await (const chunk of reader.chunks()) {
    const rows = shardRows(chunk.rows, before, shard);
    before += chunk.rows;
    if (rows.length === 0) continue;
    const table = rows.length === chunk.rows ? chunk : takeRows(chunk, rows);
    const results = await resultsOf(table);
    const { columns } = results;
    yield { ...results, columns: [...columns, ...keptColumnsOf(table, kept, columns)] };
  }
}

function expectShard({ index, count }: Shard): void {
  const isWhole = Number.isSafeInteger(index) && Number.isSafeInteger(count);
  if (isWhole && index >= 1 && index <= count) return;
  throw new UsageError(
    `${where}: expected a shard of 1 to as many as there are, such as 1 of 4, got ${index} of ${count}`,
    { name: "shard" },
  );
}

/** Places in a chunk of the rows of a shard. */
function shardRows(rows: number, before: number, { index, count }: Shard): number[] {
  const all = Array.from({ length: rows }, (_, row) => row);
  return count === 1 ? all : all.filter((row) => (before + row) % count === index - 1);
}

/** @throws {UsageError} if there is no column of a name. */
function keptPlaces({ name, columns }: TableReader, keep: true | readonly string[]): number[] {
  const names = columns.map((column) => column.name);
  if (keep === true) return names.map((_, at) => at);
  return keep.map((column) => names.indexOf(expectOneOf(column, names, `${name}: keep`)));
}

/** Columns of the file as they stand there; `file.` is put before names until they aren't taken. */
function keptColumnsOf(
  table: Table,
  places: readonly number[],
  taken: readonly Column[],
): Column[] {
  const names = new Set(taken.map(({ name }) => name));
  return places.map((at) => {
    const column = table.columns[at]!;
    let { name } = column;
    while (names.has(name)) name = `file.${name}`;
    names.add(name);
    const { textOf } = table;
    if (!textOf) return { ...column, name };
    const texts = Array.from({ length: table.rows }, (_, row) => textOf(row, at));
    const codes = Int32Array.from(texts, (text, row) => (text === "" ? -1 : row));
    return { name, kind: "text", codes, dictionary: texts };
  });
}
