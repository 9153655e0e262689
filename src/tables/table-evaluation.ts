import type { Classification, Detection } from "../measure/index.js";
import type { ScoreSummary } from "./score-count.js";

/** A model's figures on a file of rows. */
export interface TableEvaluation extends ScoreSummary {
  /** Of a density: mean log p in nats of the rows that don't deviate; null if there are none. */
  readonly logProb?: number | null;
  /** Standard error of that mean; null for fewer than two rows. */
  readonly standardError?: number | null;
  /** Which rows are outliers, where a label says. */
  readonly label?: {
    readonly column: string;
    readonly outlier: string;
    /** Rows without a label, which are left out of `detection`. */
    readonly unlabelled: number;
  };
  /** How well the score finds them, of rows that have a score and a label. */
  readonly detection?: Detection;
  /** Of a classifier: how well it tells the classes that the file gives. */
  readonly classification?: Classification & {
    /** Column of the classes. */
    readonly column: string;
    /** Rows whose class is empty or none of training's, which are left out. */
    readonly unlabelled: number;
  };
}

/** Scores by what the rows are: all are normal where no label says otherwise. */
export interface SortedScores {
  readonly normals: Float64Array;
  readonly outliers: Float64Array;
}
