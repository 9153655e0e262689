import { expectKind } from "../border/kinds.js";
import { fractionsIn, type Deviation } from "../data/index.js";
import type { RowProblem, Table } from "../data/table.js";
import { UsageError } from "../errors.js";
import type { AnyRunner } from "../runner/index.js";
import { encodeTable } from "./encode-table.js";
import { expectCalibrated, scoreRows, type RowScores } from "./score-rows.js";

/** Scores of a table's rows. */
export interface TableScores extends RowScores {
  /** Lines of the rows in their file. */
  readonly lines: Float64Array;
  /** Cells for which rows can't be scored, in the order of the rows. */
  readonly problems: readonly RowProblem[];
  /** Cells that differ from what never varied in training; log p of their rows is −∞. */
  readonly deviations: readonly (Deviation & { readonly line: number })[];
  /** Columns that training didn't see; they are passed over. */
  readonly surplus: readonly string[];
}

const where = "scoreTable";

/**
 * Scores the rows of a table by a model that `fitTable` made.
 *
 * @param runner of its checkpoint
 * @param table read with `kinds: tableKinds(runner.data.table)`, and `invalid: "missing"` where bad
 * cells shouldn't end the reading. A row's line decides the noise that makes its whole numbers real:
 * its score depends on no other row
 * @throws {UsageError} if the model isn't of a table, or wasn't calibrated.
 * @throws {DataError} naming columns that are missing or of another kind.
 */
export async function scoreTable(runner: AnyRunner, table: Table): Promise<TableScores> {
  expectCalibrated(runner, where);
  const plan = runner.data?.table;
  if (!plan) {
    throw new UsageError(
      `${where}: expected the model of a file's table, got one of ${runner.data?.name ?? "unknown data"}; score its arrays with scoreRows`,
      { name: runner.model.kind },
    );
  }
  const { x, condition, problems: cells, surplus } = encodeTable(table, plan, { invalid: "nan" });
  const { lines } = table;
  const fractions = fractionsIn(x, runner.data.preprocessing).map(
    ({ row, column, got }): RowProblem => ({
      row,
      line: lines[row]!,
      column,
      expected: "a whole number, as all were in training",
      got: String(got),
    }),
  );
  const problems = [...cells, ...fractions].sort((a, b) => a.row - b.row);
  const { deviations, ...scores } = await scoreRows(runner, x, {
    places: lines,
    ...(condition && { condition }),
  });
  return {
    lines,
    ...scores,
    problems,
    deviations: deviations.map((one) => ({ ...one, line: lines[one.row]! })),
    surplus,
  };
}

/**
 * Scores tables one after another, such as the chunks of a file: only one is in memory at a time, and
 * how a file is cut changes no figure.
 *
 * @throws as {@link scoreTable}, and what the tables throw.
 */
export async function* scoreTables(
  runner: AnyRunner,
  tables: Iterable<Table> | AsyncIterable<Table>,
): AsyncGenerator<TableScores> {
  expectKind(tables, "tables", "scoreTables");
  for await (const table of tables) yield await scoreTable(runner, table);
}
