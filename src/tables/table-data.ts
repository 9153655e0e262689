import { expectKind } from "../border/kinds.js";
import { expectOneOf, expectOptions } from "../border/options.js";
import { arrayData, holdOut, type DataSet, type TablePlan } from "../data/index.js";
import type { Table } from "../data/table.js";
import { DataError, UsageError } from "../errors.js";
import { featureNames, featuresOf, keptColumns, quoted, type KeptCodec } from "./codecs.js";
import { completeRows } from "./complete-rows.js";
import { encodeLabels, encodeTable } from "./encode-table.js";
import { learnTable, type LearnTableOptions } from "./learn-table.js";
import { expectTableModel, namesOf, tableModels, type TableModelName } from "./models.js";
import { tableRecipe } from "./recipe.js";

export interface TableDataOptions {
  /**
   * Column of the rows' classes, texts or others, which is no part of x: what a classifier predicts, or
   * what a density's x is conditioned on. None unless given.
   */
  readonly label?: string;
  /** Columns that x is conditioned on, for p(x | condition); none unless given. */
  readonly condition?: readonly string[];
  /** Columns to leave out. */
  readonly ignore?: readonly string[];
  /** Share of the rows that is held out, in (0, 1); {@link tableRecipe}'s unless given. */
  readonly holdout?: number;
  /**
   * What becomes of missing cells: `"model"` (the default) makes whether a cell is missing a part of x,
   * in a column of its own or as a level of a category; `"refuse"` leaves their rows out, here and
   * whenever rows are scored.
   */
  readonly missing?: "model" | "refuse";
  /**
   * Name of the model that will learn the data: it decides what the label is for, and whether
   * categories of x are coded by their places (densities) or one-hot (classifiers). A classifier if
   * there is a label, else a density, unless given.
   */
  readonly model?: TableModelName;
}

/** Fewest rows that anything can be learned from. */
const fewest = 8;
const where = "tableData";
const known = ["label", "condition", "ignore", "holdout", "missing", "model"];

/**
 * A table as a data set, with what each column needs:
 *
 * - numbers, and dates as milliseconds since 1970: standardised; whole ones dequantised first; numbers
 *   with heavy tails by an asinh before, where held-out rows say so
 * - booleans, and texts as categories: whole numbers, dequantised; or one-hot, see `model`
 * - constants, copies, empty columns and texts that are names: left out
 *
 * Columns of the condition are standardised alike, categories one-hot. Part of the rows is held out as
 * the split `validation`, the same ones for the same number of rows.
 *
 * @param table such as `await readTable(await openTable(source))`
 * @throws {DataError} if there are fewer than 8 rows, no column varies, a cell can't be taken (line and
 * column are named), or the label or the condition can't be one.
 * @throws {UsageError} if an option is unknown, there is no column of its name, or one has two uses.
 */
export function tableData(table: Table, options: TableDataOptions = {}): DataSet {
  expectKind(table, "table", where);
  expectOptions(options, known, where);
  const { label, condition = [], ignore = [], holdout } = options;
  const missing = expectOneOf(options.missing ?? "model", ["model", "refuse"], `${where}: missing`);
  const model = expectTableModel(options.model ?? usualModel(label), where);
  const { task } = tableModels[model];
  if (task !== "density" && condition.length > 0) {
    throw new UsageError(
      `${where}: expected no condition for ${model}, got ${quoted(condition, 8)}; models that take one are ${namesOf((one) => one.task === "density")}`,
      { name: "condition" },
    );
  }
  const uses = {
    condition,
    ignore,
    labelIs: task === "density" ? ("condition" as const) : ("predicted" as const),
    oneHot: task === "classification",
    ...(label !== undefined && { label }),
  };
  const { rows, plan, train, validation } =
    missing === "refuse" ? withoutEmpty(table, uses, holdout) : learned(table, uses, holdout);
  const kept = keptColumns(plan.columns);
  const columns = featureNames(kept);
  const { name } = table;
  if (columns.length === 0) {
    throw new DataError(
      `${name}: expected a column to learn from, got ${plan.columns.map((codec) => `"${codec.name}"`).join(", ") || "none"}, all of which are left out; add one`,
      { name },
    );
  }
  const { x, condition: given } = encodeTable(rows, plan);
  const labels = encodeLabels(rows, plan);
  return {
    ...arrayData({
      name,
      x,
      columns,
      validation: (validation.length + 0.5) / (train.length + validation.length),
      ...(given && { condition: given }),
      ...(labels && { labels, classes: plan.label!.levels }),
      tails: kept.flatMap(({ name, kind }) => (kind === "number" ? [name] : [])),
      // A classifier takes what stands for a missing cell as it is.
      ...(task !== "classification" && { absent: marksOf(kept) }),
    }),
    table: plan,
  };
}

/** By the name of a column whose cells may be missing, that of the column that says where they are. */
function marksOf(kept: readonly KeptCodec[]): Record<string, string> {
  return Object.fromEntries(
    kept.flatMap((codec) => {
      const [name, mark] = featuresOf(codec);
      return codec.kind !== "category" && mark !== undefined ? [[name!, mark] as const] : [];
    }),
  );
}

/** What learns a table unless a model is named. */
function usualModel(label: string | undefined): TableModelName {
  return label === undefined ? "i-resnet-density" : "i-resnet-classifier";
}

/** Rows with how they become numbers. */
interface Planned {
  readonly rows: Table;
  readonly plan: TablePlan;
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

type Uses = Omit<LearnTableOptions, "train">;

function learned(table: Table, uses: Uses, holdout: number | undefined): Planned {
  const { name, rows: count } = table;
  if (count < fewest) {
    throw new DataError(
      `${name}: expected at least ${fewest} rows to learn from, got ${count}; add some`,
      { name },
    );
  }
  const share = holdout === undefined ? usualShare(count) : expectShare(holdout);
  const { train, validation } = holdOut(count, share);
  if (validation.length < 2) {
    throw new UsageError(
      `${where}: expected a holdout of at least 2 of ${count} rows, got ${validation.length}; raise it`,
      { name: "holdout" },
    );
  }
  return { rows: table, plan: learnTable(table, { ...uses, train }), train, validation };
}

/** The same of the rows alone in which no cell is empty that a model would take. */
function withoutEmpty(table: Table, uses: Uses, holdout: number | undefined): Planned {
  const { plan } = learned(table, uses, holdout);
  const taken = keptColumns([...plan.columns, ...plan.condition]).map(({ name }) => name);
  const { table: rows, refused } = completeRows(table, taken);
  const complete = learned(rows, uses, holdout);
  const counted = <C extends { readonly name: string }>(codec: C): C => {
    const count = refused.get(codec.name);
    return count === undefined ? codec : { ...codec, refused: count };
  };
  return {
    ...complete,
    plan: {
      ...complete.plan,
      columns: complete.plan.columns.map(counted),
      condition: complete.plan.condition.map(counted),
    },
  };
}

/** A share that holds out as many rows as the recipe says, whatever it is rounded to. */
function usualShare(rows: number): number {
  return (tableRecipe({ rows, columns: 1 }).heldOut + 0.5) / rows;
}

function expectShare(holdout: number): number {
  if (holdout > 0 && holdout < 1) return holdout;
  throw new UsageError(`${where}: expected a holdout above 0 and below 1, got ${holdout}`, {
    name: "holdout",
  });
}
