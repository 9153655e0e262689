import {
  scoreTable,
  takeRows,
  TableExplainer,
  ScoreCount,
  type Runner,
  type ScoreSummary,
  type Table,
  type TableScores,
} from "iresnet";

/** Why a row is unusual: a column, its cell, and the value that would be usual beside the others. */
export interface Reason {
  readonly column: string;
  readonly value: string;
  readonly usual: string;
  /** How much lower the score would be with it. */
  readonly drop: number;
}

export interface UnusualRow {
  /** Line of the file. */
  readonly line: number;
  readonly score: number;
  readonly pValue: number;
  readonly reasons: readonly Reason[];
}

/** What a model says of a file's rows. */
export interface TableResults {
  readonly summary: ScoreSummary;
  /** Of each row; NaN where it can't be scored. */
  readonly score: Float64Array;
  readonly unusual: readonly UnusualRow[];
}

/** Rows that are scored at once, so that progress is told and others may compute in between. */
const slice = 4096;
const shown = 5;
/** Reasons that lower the score by less than this are left out, in the score's units. */
const leastDrop = 0.1;
/** Of flagged rows, the rates of false alarms that are counted. */
const rates = [0.01, 0.05];

/** Scores a table, and explains its most unusual rows; the signal ends it early by an AbortError. */
export async function scoreAll(
  runner: Runner,
  table: Table,
  { signal, told }: { readonly signal: AbortSignal; readonly told: (rows: number) => void },
): Promise<{ readonly results: TableResults; readonly scored: readonly TableScores[] }> {
  const count = new ScoreCount(rates);
  const scored: TableScores[] = [];
  for (let start = 0; start < table.rows; start += slice) {
    const places = Array.from({ length: Math.min(slice, table.rows - start) }, (_, i) => start + i);
    const scores = await scoreTable(runner, takeRows(table, places));
    signal.throwIfAborted();
    count.add(scores);
    scored.push(scores);
    told(count.rows);
  }
  const score = Float64Array.from(scored.flatMap((part) => [...part.score]));
  const pValue = scored.flatMap((part) => [...part.pValue]);
  const worst = [...score.keys()]
    .filter((row) => !Number.isNaN(score[row]))
    .sort((a, b) => Number(score[b]! > score[a]!) - Number(score[b]! < score[a]!))
    .slice(0, shown);
  const explainer = await TableExplainer.open(runner);
  const explained = await explainer.explain(table, { rows: worst });
  const unusual = worst.map((row): UnusualRow => {
    const reasons = explained.find((one) => one.row === row)?.columns ?? [];
    return {
      line: table.lines[row]!,
      score: score[row]!,
      pValue: pValue[row]!,
      reasons: reasons
        .filter(({ drop }) => drop >= leastDrop)
        .map(({ column, drop, usual }) => ({
          column,
          drop,
          value: cellOf(table, row, column),
          usual: textOf(table, column, usual),
        })),
    };
  });
  return { results: { summary: count.summary(), score, unusual }, scored };
}

function cellOf(table: Table, row: number, name: string): string {
  const column = table.columns.find((one) => one.name === name);
  if (!column) return "";
  if (column.kind === "text") return column.dictionary[column.codes[row]!] ?? "empty";
  const value = column.values[row]!;
  return textOf(table, name, Number.isNaN(value) ? null : value);
}

function textOf(table: Table, name: string, value: number | string | null): string {
  if (value === null) return "empty";
  if (typeof value === "string") return value;
  const kind = table.columns.find((one) => one.name === name)?.kind;
  if (kind === "boolean") return value === 0 ? "false" : "true";
  if (kind === "date") return new Date(value).toISOString().replace(/T00:00:00.000Z$|\.000Z$/, "");
  return String(Number(value.toPrecision(5)));
}
