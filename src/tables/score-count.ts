import { expectKind } from "../border/kinds.js";
import type { CellProblem } from "../data/table.js";
import { UsageError } from "../errors.js";
import type { TablePredictions } from "./predict-table.js";
import { PredictionCount, type PredictionSummary } from "./prediction-count.js";
import type { TableScores } from "./score-table.js";

/** A summary of many scored rows. */
export interface ScoreSummary {
  readonly rows: number;
  /** Rows that can't be scored. */
  readonly unscored: number;
  /** With a density: rows that differ from what never varied in training. */
  readonly deviating?: number;
  /** With a density: for each rate of false alarms, how many rows have a p-value of at most that. */
  readonly flagged?: readonly { readonly rate: number; readonly rows: number }[];
  /** With a classifier: how many rows are told to be of each class. */
  readonly predictions?: PredictionSummary;
  /** The first problems. */
  readonly problems: readonly CellProblem[];
  /** Columns that training didn't see. */
  readonly surplus: readonly string[];
}

const mostProblems = 10;

/** Counts what a model says of tables that come one after another. */
export class ScoreCount {
  readonly #rates: readonly number[];
  readonly #problems: CellProblem[] = [];
  #rows = 0;
  #unscored = 0;
  #scores: { deviating: number; flagged: number[] } | undefined;
  #predictions: PredictionCount | undefined;
  #surplus: readonly string[] = [];

  /** @param rates of false alarms to count the flagged rows of. */
  constructor(rates: readonly number[]) {
    expectKind(rates, "list", "ScoreCount");
    this.#rates = rates;
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * @param scores of a density
   * @param predictions of a classifier, of the same rows
   * @throws {UsageError} if there are neither.
   */
  add(scores: TableScores | undefined, predictions?: TablePredictions): void {
    const results = scores ?? predictions;
    if (!results) throw new UsageError("ScoreCount.add: expected scores or predictions, got none");
    this.#rows += results.lines.length;
    this.#problems.push(...results.problems.slice(0, mostProblems - this.#problems.length));
    this.#surplus = results.surplus;
    if (scores) this.#addScores(scores);
    else this.#unscored += predictions!.predicted.filter((place) => place < 0).length;
    if (predictions) (this.#predictions ??= new PredictionCount()).add(predictions);
  }

  #addScores({ pValue, deviations }: TableScores): void {
    const { deviating, flagged } = this.#scores ?? {
      deviating: 0,
      flagged: this.#rates.map(() => 0),
    };
    this.#unscored += pValue.filter(Number.isNaN).length;
    this.#scores = {
      deviating: deviating + new Set(deviations.map(({ row }) => row)).size,
      flagged: flagged.map((rows, i) => rows + pValue.filter((p) => p <= this.#rates[i]!).length),
    };
  }

  summary(): ScoreSummary {
    const [scores, predictions] = [this.#scores, this.#predictions];
    return {
      rows: this.#rows,
      unscored: this.#unscored,
      ...(scores && {
        deviating: scores.deviating,
        flagged: scores.flagged.map((rows, i) => ({ rate: this.#rates[i]!, rows })),
      }),
      ...(predictions && { predictions: predictions.summary() }),
      problems: this.#problems,
      surplus: this.#surplus,
    };
  }
}
