import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import type { DataDescription, TablePlan } from "../data/index.js";
import { codeOf, takeRows, type Column, type Table } from "../data/table.js";
import { UsageError } from "../errors.js";
import { Random } from "../random.js";
import { expectAbility, type AnyRunner } from "../runner/index.js";
import { candidatesOf, type Candidates } from "./candidates.js";
import { ColumnSearch } from "./column-search.js";
import { decodeTable } from "./decode-table.js";
import { encodeTable } from "./encode-table.js";
import { scoreTable } from "./score-table.js";

/** A column's part in a row's score. */
export interface ColumnExplanation {
  readonly column: string;
  /**
   * How much lower the score would be had this column alone another value, the best one there is, in
   * the score's units; ∞ where the column differs from what never varied in training.
   */
  readonly drop: number;
  /** That value, as a cell of the column: a number, a text, a date as milliseconds; null for an empty cell. */
  readonly usual: number | string | null;
}

/** Why a row has its score. */
export interface RowExplanation {
  /** Place of the row in its table. */
  readonly row: number;
  readonly line: number;
  readonly score: number;
  /** Those whose change lowers the score most come first; none if no change lowers it. */
  readonly columns: readonly ColumnExplanation[];
}

export interface ExplainOptions {
  /** Places of the rows to explain; all unless given. */
  readonly rows?: readonly number[];
  /** Most columns to name for each; 3 unless given. */
  readonly most?: number;
}

type DataOfTable = DataDescription & { readonly table: TablePlan };

/** Rows that the model draws to know which values columns have. */
const draws = 256;
/** Most rows that are scored at once. */
const mostTrials = 8192;
/** Most conditions whose draws are kept. */
const mostConditions = 1000;

/**
 * Explains scores by what would lower them: each column of a row in turn is given other values, the
 * other columns staying as they are, and the row is scored again. A column's contribution is
 *
 *     score(x) − min over v of score(x with v in the column),
 *
 * and the best v is the value that would have been usual beside the others. Columns that depend on one
 * another may all be named where changing either would do. Contributions don't add up to the score.
 *
 * Values are quantiles of 256 rows that the model draws (of categories all levels that are drawn, empty
 * cells among them), then refined three times between the neighbours of the best. Any score that
 * `scoreTable` gives is explained alike. A row takes about 21 scores for each column of numbers.
 *
 * Columns of a condition are taken as given: the rows are drawn given the row's own, and none of them
 * is changed or named.
 */
export class TableExplainer {
  readonly #runner: AnyRunner;
  readonly #data: DataOfTable;
  /** By condition. */
  readonly #candidates = new Map<string, readonly Candidates[]>();

  private constructor(runner: AnyRunner, data: DataOfTable) {
    this.#runner = runner;
    this.#data = data;
  }

  /**
   * Draws the rows whose values are tried, unless they depend on a condition.
   * @param runner of a checkpoint of `fitTable`
   * @throws {UsageError} if the model isn't a density of a table.
   * @throws {ConvergenceError} if the model can't be inverted to draw from it.
   */
  static async open(runner: AnyRunner): Promise<TableExplainer> {
    expectKind(runner, "runner", "TableExplainer");
    expectAbility(runner.model, "density", "TableExplainer");
    const { data } = runner;
    if (!data?.table) {
      throw new UsageError(
        `TableExplainer: expected the model of a table, got ${runner.model.kind} of ${data?.name ?? "unknown data"}; make one with fitTable`,
        { name: runner.model.kind },
      );
    }
    const explainer = new TableExplainer(runner, { ...data, table: data.table });
    if (data.condition === 0) await explainer.#candidatesGiven([]);
    return explainer;
  }

  /** Values of each column, spread as in rows that the model draws given a condition. */
  async #candidatesGiven(condition: readonly number[]): Promise<readonly Candidates[]> {
    const key = condition.join();
    const known = this.#candidates.get(key);
    if (known) return known;
    const random = Random.fromSeed(0).split("explain");
    const given = {
      shape: [draws, condition.length],
      data: Float64Array.from(Array.from({ length: draws }, () => condition).flat()),
    };
    const drawn = await this.#runner.sample(draws, {
      random,
      ...(condition.length > 0 && { condition: given }),
    });
    const { table } = this.#data;
    const candidates = candidatesOf(decodeTable(drawn, table), table, this.#data);
    if (this.#candidates.size === mostConditions) this.#candidates.clear();
    this.#candidates.set(key, candidates);
    return candidates;
  }

  /**
   * @param table as `scoreTable` takes it
   * @returns an explanation for each of the rows that has a score, in their order
   * @throws {UsageError} if an option is unknown, or a row isn't in the table.
   */
  async explain(table: Table, options: ExplainOptions = {}): Promise<RowExplanation[]> {
    expectKind(table, "table", "TableExplainer.explain");
    expectOptions(options, ["rows", "most"], "TableExplainer.explain");
    const { rows = Array.from({ length: table.rows }, (_, row) => row), most = 3 } = options;
    if (rows.length === 0) return [];
    const chosen = takeRows(table, rows);
    const { score, deviations } = await scoreTable(this.#runner, chosen);
    const found = await this.#bestOf(chosen, score);
    return rows.flatMap((row, at) => {
      if (Number.isNaN(score[at])) return [];
      const impossible = deviations.flatMap(({ row, column, expected }) =>
        row === at ? [{ column, drop: Infinity, usual: this.#cell(column, expected) }] : [],
      );
      const columns = (impossible.length > 0 ? impossible : (found.get(at) ?? []))
        .filter(({ drop }) => drop > 0)
        .sort((a, b) => Number(b.drop > a.drop) - Number(b.drop < a.drop))
        .slice(0, most);
      return { row, line: table.lines[row]!, score: score[at]!, columns };
    });
  }

  /** What each column's best other value does to each row of finite score. */
  async #bestOf(
    table: Table,
    score: Float64Array,
  ): Promise<ReadonlyMap<number, readonly ColumnExplanation[]>> {
    const { condition } = encodeTable(table, this.#data.table, { invalid: "nan" });
    const searches: ColumnSearch[] = [];
    for (const row of score.keys()) {
      if (!Number.isFinite(score[row])) continue;
      const size = this.#data.condition;
      const given = condition?.data.subarray(row * size, (row + 1) * size) ?? [];
      for (const candidates of await this.#candidatesGiven([...given])) {
        searches.push(new ColumnSearch(row, candidates));
      }
    }
    for (let round = 0; round < ColumnSearch.rounds; round++) {
      const trials = searches.flatMap((search) =>
        search.next(round).map((value) => ({ search, value })),
      );
      for (let start = 0; start < trials.length; start += mostTrials) {
        const part = trials.slice(start, start + mostTrials);
        const { score: scores } = await scoreTable(this.#runner, changed(table, part));
        part.forEach(({ search, value }, i) => {
          search.take(value, scores[i]!);
        });
      }
    }
    const found = new Map<number, ColumnExplanation[]>();
    for (const { row, candidates, best } of searches) {
      if (!best) continue;
      const column = candidates.codec.name;
      const usual = this.#cell(column, best.value);
      const explained = { column, drop: score[row]! - best.score, usual };
      found.set(row, [...(found.get(row) ?? []), explained]);
    }
    return found;
  }

  /** A number that stands for a cell, as the cell. */
  #cell(column: string, value: number): number | string | null {
    if (Number.isNaN(value)) return null;
    const codec = this.#data.table.columns.find(({ name }) => name === column);
    return codec?.kind === "category" ? (codec.levels[value] ?? null) : value;
  }
}

interface Change {
  readonly search: ColumnSearch;
  readonly value: number;
}

/** Rows of a table, each with another value in one of its columns and in those that copy it. */
function changed(table: Table, changes: readonly Change[]): Table {
  const rows = takeRows(
    { ...table, problems: [] },
    changes.map(({ search }) => search.row),
  );
  const byColumn = new Map<string, { readonly place: number; readonly change: Change }[]>();
  changes.forEach((change, place) => {
    const { codec, copies } = change.search.candidates;
    for (const name of [codec.name, ...copies]) {
      const all = byColumn.get(name) ?? [];
      all.push({ place, change });
      byColumn.set(name, all);
    }
  });
  const columns = rows.columns.map((column): Column => {
    const places = byColumn.get(column.name) ?? [];
    if (column.kind !== "text") {
      for (const { place, change } of places) column.values[place] = change.value;
      return column;
    }
    const dictionary = new Map(column.dictionary.map((text, code) => [text, code]));
    for (const { place, change } of places) {
      const { codec } = change.search.candidates;
      const level = codec.kind === "category" ? codec.levels[change.value] : undefined;
      column.codes[place] = level === undefined ? -1 : codeOf(dictionary, level);
    }
    return { ...column, dictionary: [...dictionary.keys()] };
  });
  return { ...rows, columns };
}
