import { expectKind } from "../border/kinds.js";
import { fractionsIn, type Deviation } from "../data/index.js";
import type { CellProblem, Table } from "../data/table.js";
import { UsageError } from "../errors.js";
import { Conformal } from "../measure/index.js";
import { expectAbility, type AnyRunner } from "../runner/index.js";
import { encodeTable } from "./encode-table.js";
import { scoreOptions } from "./held-out.js";
import { FlowOutlierScore } from "./score.js";

/** What a model says of a table's rows, each array `[rows]`; NaN for rows that can't be scored. */
export interface TableScores {
  /** Lines of the rows in their file. */
  readonly lines: Float64Array;
  /** log p in nats, of rows in the units of the file's columns; given the condition's columns. */
  readonly logProb: Float64Array;
  /** {@link FlowOutlierScore}: 0 for the usual row, in standard deviations, higher for what is more unusual. */
  readonly score: Float64Array;
  /**
   * {@link Conformal} p-value of the score: the share of held-out rows that are at least as unusual.
   * Flagging p ≤ α gives false alarms on a share α of normal rows.
   */
  readonly pValue: Float64Array;
  /** Cells for which rows can't be scored, in the order of the lines. */
  readonly problems: readonly CellProblem[];
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
 * cells shouldn't end the reading
 * @param first place of the first row where a file comes in several tables, which decides the noise
 * that makes whole numbers real
 * @throws {UsageError} if the model isn't of a table, or wasn't calibrated.
 * @throws {DataError} naming columns that are missing or of another kind.
 */
export async function scoreTable(
  runner: AnyRunner,
  table: Table,
  { first = 0 }: { readonly first?: number } = {},
): Promise<TableScores> {
  expectKind(runner, "runner", where);
  const density = expectAbility(runner.model, "density", where);
  const { table: plan, calibration } = runner.data ?? {};
  if (!plan || !calibration) {
    throw new UsageError(
      `${where}: expected the model of a table with calibrated scores, got ${runner.model.kind} of ${runner.data?.name ?? "unknown data"}; make one with fitTable`,
      { name: runner.model.kind },
    );
  }
  const { x, condition, problems: cells, surplus } = encodeTable(table, plan, { invalid: "nan" });
  const { lines } = table;
  const fractions = fractionsIn(x, runner.data?.preprocessing).map(
    ({ row, column, got }): CellProblem => ({
      line: lines[row]!,
      column,
      expected: "a whole number, as all were in training",
      got: String(got),
    }),
  );
  const problems = [...cells, ...fractions].sort((a, b) => a.line - b.line);
  const scores = await runner.score(x, {
    ...scoreOptions(density),
    first,
    ...(condition && { condition }),
  });
  const logProb = Float64Array.from(scores.logProb.data);
  const score = new FlowOutlierScore(calibration).of({ logProb, logDet: scores.logDet.data });
  const heldOut = Array<number>(calibration.beyond).fill(Infinity);
  const conformal = new Conformal([...calibration.scores, ...heldOut]);
  return {
    lines,
    logProb,
    score,
    pValue: score.map((one) => (Number.isNaN(one) ? NaN : conformal.pValue(one))),
    problems,
    deviations: scores.deviations.map((one) => ({ ...one, line: lines[one.row]! })),
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
  let first = 0;
  for await (const table of tables) {
    yield await scoreTable(runner, table, { first });
    first += table.rows;
  }
}
