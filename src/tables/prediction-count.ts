import type { TablePredictions } from "./predict-table.js";

/** A summary of the predictions of many rows. */
export interface PredictionSummary {
  /** Rows whose class is told. */
  readonly rows: number;
  /** How many are told to be of each class. */
  readonly classes: readonly { readonly name: string; readonly rows: number }[];
  /** Of rows whose class the file gives, how many there are, and how many are told wrongly. */
  readonly known?: { readonly rows: number; readonly errors: number };
}

/** Counts what a classifier says of tables that come one after another. */
export class PredictionCount {
  readonly #classes = new Map<string, number>();
  #known: PredictionSummary["known"];

  add({ classes, predicted, truth }: TablePredictions): void {
    for (const name of classes) this.#classes.set(name, this.#classes.get(name) ?? 0);
    let { rows, errors } = this.#known ?? { rows: 0, errors: 0 };
    predicted.forEach((place, row) => {
      const name = classes[place];
      if (name === undefined) return;
      this.#classes.set(name, this.#classes.get(name)! + 1);
      const given = truth?.[row] ?? -1;
      if (given < 0) return;
      rows++;
      if (given !== place) errors++;
    });
    if (truth) this.#known = { rows, errors };
  }

  summary(): PredictionSummary {
    const classes = [...this.#classes].map(([name, rows]) => ({ name, rows }));
    return {
      rows: classes.reduce((sum, { rows }) => sum + rows, 0),
      classes,
      ...(this.#known && { known: this.#known }),
    };
  }
}
