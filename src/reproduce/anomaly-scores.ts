import { arrayData, fractionsIn, takeNumbers } from "../data/index.js";
import type { Engine } from "../engine/index.js";
import { openRunner } from "../runner/index.js";
import { fitTable, scoreRows, tableRecipe } from "../tables/index.js";
import type { NumberArray } from "../tree.js";

export interface LearnOptions {
  readonly engine: Engine;
  /** Decides all randomness. */
  readonly seed: number;
  /** Most steps of the training; the recipe's unless given. */
  readonly steps?: number | undefined;
  readonly signal: AbortSignal;
  /** Called after each step with those taken in all, and the most that there may be. */
  readonly onProgress: (step: number, steps: number) => void;
}

export interface Learned {
  /** The outlier score of each scored row. */
  readonly score: Float64Array;
  /** −log p of each, in nats: the flow alone. */
  readonly surprise: Float64Array;
  /** Standard deviation of the noise that training chose, in those of the columns. */
  readonly noise: number;
  /** Mean log p of held-out rows, in nats, in the table's units. */
  readonly logProb: number;
  /** Whether the model is a trial's, since the whole training ended less likely. */
  readonly isTrial: boolean;
}

/**
 * What {@link fitTable} learns of rows, on other rows.
 *
 * @param train normal rows in random order, `[N, D]`; the first of them are held out
 * @param scored rows to score, `[M, D]`
 * @returns nothing if the signal ended it.
 * @throws as {@link fitTable}
 */
export async function learnAndScore(
  train: NumberArray,
  scored: NumberArray,
  { engine, seed, steps, signal, onProgress }: LearnOptions,
): Promise<Learned | undefined> {
  const [rows, columns] = [train.shape[0]!, train.shape[1]!];
  const { heldOut } = tableRecipe({ rows, columns });
  const places = Array.from({ length: rows }, (_, row) => row);
  const [x, held] = [
    takeNumbers(train, places.slice(heldOut)),
    takeNumbers(train, places.slice(0, heldOut)),
  ];
  const fitted = await fitTable(arrayData({ x, validation: { x: held } }), {
    engine,
    seed,
    signal,
    ...(steps !== undefined && { steps }),
    onWarning: () => undefined,
    onProgress: (progress) => {
      onProgress(progress.step, progress.steps);
    },
  });
  // Ended early it may have a model, but not the one that these numbers are about.
  if (!fitted || signal.aborted) return undefined;
  const runner = await openRunner(fitted.checkpoint, { engine });
  try {
    const { score, logProb } = await scoreRows(runner, scored);
    const { noise, logProb: likelihood, step } = fitted;
    const surprise = logProb.map((value) => -value);
    // Density 0, as that of rows that differ from what never varied.
    for (const { row } of fractionsIn(scored, runner.data?.preprocessing)) {
      score[row] = surprise[row] = Infinity;
    }
    return { score, surprise, noise, logProb: likelihood, isTrial: step === 0 };
  } finally {
    await runner.close();
  }
}
