import type { Table } from "../data/table.js";
import { measureDetection } from "../measure/index.js";
import { RunningMean } from "../measure/running-mean.js";
import { OutlierLabel } from "./outlier-label.js";
import type { TableScores } from "./score-table.js";
import type { SortedScores, TableEvaluation } from "./table-evaluation.js";

/** Numbers that are appended one after another, 8 to 16 bytes for each. */
class Numbers {
  #values = new Float64Array(1024);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const wider = new Float64Array(2 * this.#count);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#count++] = value;
  }

  all(): Float64Array {
    return this.#values.subarray(0, this.#count);
  }
}

/** What an evaluation needs of the scores of a file's rows: some 30 bytes of each. */
export class KeptScores {
  readonly #label: OutlierLabel | undefined;
  readonly #score = new Numbers();
  readonly #pValue = new Numbers();
  readonly #logProb = new RunningMean();
  #unlabelled = 0;

  /** @param label column that marks outliers, if any does */
  constructor(label: string | undefined) {
    this.#label = label === undefined ? undefined : new OutlierLabel(label);
  }

  /** @throws {DataError} if the label's column holds too many values for one. */
  add(table: Table, { score, pValue, logProb }: TableScores): void {
    this.#unlabelled += this.#label?.add(table).length ?? 0;
    score.forEach((one, row) => {
      this.#score.add(one);
      this.#pValue.add(pValue[row]!);
      if (Number.isFinite(logProb[row])) this.#logProb.add(logProb[row]!);
    });
  }

  /**
   * @param outlier value of the label that marks outliers
   * @throws as {@link OutlierLabel.outlier}, and if rows of either kind are lacking.
   */
  measure(
    outlier: string | undefined,
    rates: readonly number[],
  ): {
    readonly figures: Pick<TableEvaluation, "logProb" | "standardError" | "label" | "detection">;
    readonly scores: SortedScores;
  } {
    const { count, mean, standardError } = this.#logProb;
    const likelihood = {
      logProb: count > 0 ? mean : null,
      standardError: count > 1 ? standardError : null,
    };
    const [score, pValue] = [this.#score.all(), this.#pValue.all()];
    if (!this.#label) {
      const normals = score.filter((one) => !Number.isNaN(one));
      return { figures: likelihood, scores: { normals, outliers: new Float64Array(0) } };
    }
    const value = this.#label.outlier(outlier);
    const marks = this.#label.marks(value);
    const rows = Uint32Array.from(score.keys()).filter(
      (row) => marks[row] !== undefined && !Number.isNaN(score[row]),
    );
    const picked = (values: Float64Array): Float64Array =>
      Float64Array.from(rows, (row) => values[row]!);
    const detection = measureDetection(
      picked(score),
      picked(pValue),
      Array.from(rows, (row) => marks[row] === true),
      rates,
    );
    const of = (isOutlier: boolean): Float64Array =>
      Float64Array.from(
        rows.filter((row) => marks[row] === isOutlier),
        (row) => score[row]!,
      );
    return {
      figures: {
        ...likelihood,
        label: { column: this.#label.name, outlier: value, unlabelled: this.#unlabelled },
        detection,
      },
      scores: { normals: of(false), outliers: of(true) },
    };
  }
}
