import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import type { TableReader } from "../data/table.js";
import { DataError, UsageError } from "../errors.js";
import { mean, measureDetection, standardError, type Detection } from "../measure/index.js";
import type { AnyRunner } from "../runner/index.js";
import { OutlierLabel } from "./outlier-label.js";
import { ScoreCount, type ScoreSummary } from "./score-count.js";
import { scoreTable } from "./score-table.js";

export interface EvaluateTableOptions {
  /** Column that marks outliers; none unless given. */
  readonly label?: string;
  /** Its value for outliers: of two values 1, true, or the rarer one unless given. */
  readonly outlier?: string;
  /** Rates of false alarms that p-values promise; 0.01 and 0.05 unless given. */
  readonly rates?: readonly number[];
  /** Called after each chunk with the rows done. */
  readonly onProgress?: (rows: number) => void;
}

/** What a model makes of a file of rows. */
export interface TableEvaluation extends ScoreSummary {
  /** Mean log p in nats of the rows that don't deviate; null if there are none. */
  readonly logProb: number | null;
  /** Standard error of that mean; null for fewer than two rows. */
  readonly standardError: number | null;
  /** Which rows are outliers, where a label says. */
  readonly label?: {
    readonly column: string;
    readonly outlier: string;
    /** Rows without a label, which are left out of `detection`. */
    readonly unlabelled: number;
  };
  /** How well the score finds them, of rows that have a score and a label. */
  readonly detection?: Detection;
}

/** Scores by what the rows are: all are normal where no label says otherwise. */
export interface SortedScores {
  readonly normals: Float64Array;
  readonly outliers: Float64Array;
}

/**
 * Measures a model of a table on a file: its log-likelihood, what p-values flag, and with a label how
 * well the anomaly score finds outliers. All scores are in memory at once, rows aren't.
 *
 * @param reader opened with `kinds: tableKinds(runner.data.table)` and `invalid: "missing"`
 * @throws {UsageError} if an option is unknown, or there is no column or value of a name.
 * @throws {DataError} if the label doesn't mark outliers, no row has a score, or as reading throws.
 */
export async function evaluateTable(
  runner: AnyRunner,
  reader: TableReader,
  options: EvaluateTableOptions = {},
): Promise<{ readonly evaluation: TableEvaluation; readonly scores: SortedScores }> {
  const where = "evaluateTable";
  expectKind(runner, "runner", where);
  expectKind(reader, "table reader", where);
  expectOptions(options, ["label", "outlier", "rates", "onProgress"], where);
  const { label: column, outlier, rates = [0.01, 0.05], onProgress } = options;
  const names = reader.columns.map(({ name }) => name);
  if (column !== undefined) expectOneOf(column, names, `${reader.name}: label`);
  else if (outlier !== undefined) {
    throw new UsageError(`${where}: expected a label beside outlier, got none; name its column`, {
      name: "label",
    });
  }
  const count = new ScoreCount(rates);
  const label = column === undefined ? undefined : new OutlierLabel(column);
  const [score, pValue, logProb]: [number[], number[], number[]] = [[], [], []];
  let unlabelled = 0;
  for await (const table of reader.chunks()) {
    const scores = await scoreTable(runner, table);
    count.add(scores);
    unlabelled += label?.add(table).length ?? 0;
    scores.score.forEach((one, row) => {
      score.push(one);
      pValue.push(scores.pValue[row]!);
      logProb.push(scores.logProb[row]!);
    });
    onProgress?.(count.rows);
  }
  const finite = logProb.filter(Number.isFinite);
  const summary = count.summary();
  // The label is no column that training should have seen.
  const surplus = summary.surplus.filter((name) => name !== column);
  if (summary.rows === summary.unscored) {
    throw new DataError(`${reader.name}: expected a row that can be scored, got none`, {
      name: reader.name,
    });
  }
  const base = {
    ...summary,
    surplus,
    logProb: finite.length > 0 ? mean(finite) : null,
    standardError: finite.length > 1 ? standardError(finite) : null,
  };
  if (!label) {
    const normals = Float64Array.from(score.filter((one) => !Number.isNaN(one)));
    return { evaluation: base, scores: { normals, outliers: new Float64Array(0) } };
  }
  const value = label.outlier(outlier);
  const marks = label.marks(value);
  const rows = [...score.keys()].filter(
    (row) => marks[row] !== undefined && !Number.isNaN(score[row]),
  );
  const pick = (values: readonly number[]): number[] => rows.map((row) => values[row]!);
  const detection = measureDetection(
    pick(score),
    pick(pValue),
    rows.map((row) => marks[row] === true),
    rates,
  );
  const of = (isOutlier: boolean): Float64Array =>
    Float64Array.from(pick(score).filter((_, i) => marks[rows[i]!] === isOutlier));
  return {
    evaluation: {
      ...base,
      label: { column: label.name, outlier: value, unlabelled },
      detection,
    },
    scores: { normals: of(false), outliers: of(true) },
  };
}
