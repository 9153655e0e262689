import { expectKind } from "../border/kinds.js";
import type { CellProblem } from "../data/table.js";
import type { TableScores } from "./score-table.js";

/** What scoring many rows came to. */
export interface ScoreSummary {
  readonly rows: number;
  /** Rows that can't be scored. */
  readonly unscored: number;
  /** Rows that differ from what never varied in training. */
  readonly deviating: number;
  /** For each rate of false alarms, how many rows have a p-value of at most that. */
  readonly flagged: readonly { readonly rate: number; readonly rows: number }[];
  /** The first problems. */
  readonly problems: readonly CellProblem[];
  /** Columns that training didn't see. */
  readonly surplus: readonly string[];
}

const mostProblems = 10;

/** Counts what scores say of tables that come one after another. */
export class ScoreCount {
  readonly #flagged: Map<number, number>;
  readonly #problems: CellProblem[] = [];
  #rows = 0;
  #unscored = 0;
  #deviating = 0;
  #surplus: readonly string[] = [];

  /** @param rates of false alarms to count the flagged rows of. */
  constructor(rates: readonly number[]) {
    expectKind(rates, "list", "ScoreCount");
    this.#flagged = new Map(rates.map((rate) => [rate, 0]));
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows;
  }

  add({ pValue, problems, deviations, surplus }: TableScores): void {
    this.#rows += pValue.length;
    this.#unscored += pValue.filter(Number.isNaN).length;
    this.#deviating += new Set(deviations.map(({ row }) => row)).size;
    for (const [rate, count] of this.#flagged) {
      this.#flagged.set(rate, count + pValue.filter((p) => p <= rate).length);
    }
    this.#problems.push(...problems.slice(0, mostProblems - this.#problems.length));
    this.#surplus = surplus;
  }

  summary(): ScoreSummary {
    return {
      rows: this.#rows,
      unscored: this.#unscored,
      deviating: this.#deviating,
      flagged: [...this.#flagged].map(([rate, rows]) => ({ rate, rows })),
      problems: this.#problems,
      surplus: this.#surplus,
    };
  }
}
