import { expectKind } from "../border/kinds.js";
import type { RowProblem, Table } from "../data/table.js";
import { UsageError } from "../errors.js";
import { expectAbility, type AnyRunner } from "../runner/index.js";
import { encodeLabels, encodeTable } from "./encode-table.js";

/** A classifier's predictions for a table's rows. */
export interface TablePredictions {
  /** Lines of the rows in their file. */
  readonly lines: Float64Array;
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** p(class | x), `[rows, classes]`; NaN for rows that can't be taken. */
  readonly probabilities: Float32Array;
  /** Place of the most probable class, `[rows]`; −1 for rows that can't be taken. */
  readonly predicted: Int32Array;
  /** Place of the class that the table gives, −1 where it is empty or none of training; if it has any. */
  readonly truth?: Int32Array;
  /** Cells for which rows can't be taken, in the order of the rows. */
  readonly problems: readonly RowProblem[];
  /** Columns that training didn't see; they are passed over. */
  readonly surplus: readonly string[];
}

const where = "predictTable";

/**
 * Tells the classes of a table's rows by a model that `fitTable` made.
 *
 * @param runner of its checkpoint
 * @param table read with `kinds: tableKinds(runner.data.table)`; it need not have the label
 * @throws {UsageError} if the model isn't a classifier of a table.
 * @throws {DataError} naming columns that are missing or of another kind.
 */
export async function predictTable(runner: AnyRunner, table: Table): Promise<TablePredictions> {
  expectKind(runner, "runner", where);
  expectAbility(runner.model, "classifier", where);
  const { table: plan } = runner.data ?? {};
  if (!plan?.label) {
    throw new UsageError(
      `${where}: expected the model of a table with a label, got ${runner.model.kind} of ${runner.data?.name ?? "unknown data"}; make one with fitTable`,
      { name: runner.model.kind },
    );
  }
  const { x, problems, surplus } = encodeTable(table, plan, { invalid: "nan" });
  const { data: probabilities } = await runner.predict(x, { invalid: "nan" });
  const classes = plan.label.levels;
  const predicted = Int32Array.from({ length: table.rows }, (_, row) =>
    mostProbable(probabilities.subarray(row * classes.length, (row + 1) * classes.length)),
  );
  const truth = encodeLabels(table, plan);
  return {
    lines: table.lines,
    classes,
    probabilities,
    predicted,
    ...(truth && { truth }),
    problems,
    surplus,
  };
}

/** The first place of the largest; −1 if they aren't numbers. */
function mostProbable(probabilities: Float32Array): number {
  const largest = Math.max(...probabilities);
  return Number.isNaN(largest) ? -1 : probabilities.indexOf(largest);
}
