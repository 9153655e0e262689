import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions, suggestion } from "../border/options.js";
import type { TableReader } from "../data/table.js";
import type { CategoryCodec } from "../data/table-plan.js";
import { DataError, UsageError } from "../errors.js";
import { ClassificationCount } from "../measure/classification-count.js";
import type { AnyRunner } from "../runner/index.js";
import { KeptScores } from "./kept-scores.js";
import { predictTable } from "./predict-table.js";
import { ScoreCount } from "./score-count.js";
import { scoreTable } from "./score-table.js";
import type { SortedScores, TableEvaluation } from "./table-evaluation.js";

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

const where = "evaluateTable";

/**
 * Measures a model of a table on a file. Of a density: its log-likelihood, what p-values flag, and with
 * a label how well the anomaly score finds outliers. Of a classifier: its errors, −log p(class | x),
 * confusions and calibration, for the classes in the column that training took them from. Of a hybrid
 * both. Some 30 bytes of each row are in memory, for its score; of a classifier's rows none.
 *
 * @param reader opened with `kinds: tableKinds(runner.data.table)` and `invalid: "missing"`
 * @throws {UsageError} if an option is unknown, or there is no column or value of a name.
 * @throws {DataError} if the label doesn't mark outliers, a classifier's column of classes is missing,
 * no row has a score or a known class, or as reading throws.
 */
export async function evaluateTable(
  runner: AnyRunner,
  reader: TableReader,
  options: EvaluateTableOptions = {},
): Promise<{ readonly evaluation: TableEvaluation; readonly scores: SortedScores }> {
  expectKind(runner, "runner", where);
  expectKind(reader, "table reader", where);
  expectOptions(options, ["label", "outlier", "rates", "onProgress"], where);
  const { outlier, rates = [0.01, 0.05], onProgress } = options;
  const classes = classesIn(runner, reader);
  const column = outlierColumn(runner, reader, options);
  const count = new ScoreCount(rates);
  const kept = new KeptScores(column);
  const classification = new ClassificationCount(classes?.levels ?? []);
  let unlabelled = 0;
  for await (const table of reader.chunks()) {
    const scores = runner.model.density && (await scoreTable(runner, table));
    const predictions = classes && (await predictTable(runner, table));
    count.add(scores, predictions);
    if (scores) kept.add(table, scores);
    if (predictions) {
      const { predicted, probabilities, truth = [] } = predictions;
      const known = predicted.map((place, row) => (place < 0 ? -1 : truth[row]!));
      unlabelled += known.filter((place, row) => place < 0 && predicted[row]! >= 0).length;
      classification.add(probabilities, known);
    }
    onProgress?.(count.rows);
  }
  const summary = count.summary();
  if (summary.rows === summary.unscored) {
    throw new DataError(`${reader.name}: expected a row that can be scored, got none`, {
      name: reader.name,
    });
  }
  if (classes && classification.examples === 0) {
    throw new DataError(
      `${reader.name}: expected a row of a class of training in column "${classes.name}", got none; check the column`,
      { name: reader.name, columns: [classes.name] },
    );
  }
  const found = runner.model.density && kept.measure(outlier, rates);
  return {
    evaluation: {
      ...summary,
      // The label is no column that training should have seen.
      surplus: summary.surplus.filter((name) => name !== column),
      ...found?.figures,
      ...(classes && {
        classification: { column: classes.name, unlabelled, ...classification.summary() },
      }),
    },
    scores: found?.scores ?? { normals: new Float64Array(0), outliers: new Float64Array(0) },
  };
}

/**
 * The classes that a file can be compared by; none if the model has none, or a hybrid's file doesn't
 * hold them.
 *
 * @throws {DataError} if a file for a classifier doesn't hold its classes.
 */
function classesIn({ model, data }: AnyRunner, reader: TableReader): CategoryCodec | undefined {
  const label = model.classifier && data?.table?.label;
  if (!label) return undefined;
  const names = reader.columns.map(({ name }) => name);
  if (names.includes(label.name)) return label;
  if (model.density) return undefined;
  throw new DataError(
    `${reader.name}: expected a column "${label.name}" of the classes, as in training, got only ${names.map((name) => `"${name}"`).join(", ")}${suggestion(label.name, names)}; add it, or tell the classes by scoring`,
    { name: reader.name, columns: [label.name] },
  );
}

/**
 * The column that marks outliers, if one does. A model's own column of classes needn't be named.
 * @throws {UsageError} if there is no such column, or the model can't find outliers.
 */
function outlierColumn(
  { model, data }: AnyRunner,
  reader: TableReader,
  { label, outlier }: EvaluateTableOptions,
): string | undefined {
  const own = model.classifier && data?.table?.label?.name;
  const names = reader.columns.map(({ name }) => name);
  if (label !== undefined) expectOneOf(label, names, `${reader.name}: label`);
  if (label !== undefined && label !== own) {
    if (model.density) return label;
    throw new UsageError(
      `${where}: expected no label of outliers, which ${model.kind} doesn't find, got "${label}"; leave it out: classes are in column "${own}"`,
      { name: "label" },
    );
  }
  if (outlier === undefined) return undefined;
  throw new UsageError(
    `${where}: expected a label beside outlier, got ${label === undefined ? "none" : `the column of classes, "${label}"`}; name its column`,
    { name: "label" },
  );
}
