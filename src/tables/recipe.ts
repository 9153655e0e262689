import { expectKind } from "../border/kinds.js";
import { UsageError } from "../errors.js";
import type { iResNetDensity } from "../models/index.js";
import type { FitOptions, TrainingOptions } from "../train/index.js";

/** How big a table of training rows is. */
export interface TableSize {
  /** Rows there are, held-out ones included. */
  readonly rows: number;
  /** Columns the model takes: constant ones and copies left out. */
  readonly columns: number;
}

/** How an i-ResNet density learns a table, with nothing set by hand. */
export interface TableRecipe {
  /**
   * Rows that training doesn't see: 15 %, at most 1,000. Half of them choose the noise and end the
   * training, half calibrate p-values.
   */
  readonly heldOut: number;
  /** For {@link iResNetDensity}. */
  readonly model: Parameters<typeof iResNetDensity>[0];
  /**
   * Standard deviations, in those of the columns, of the noise to try: {@link trial} with each of
   * them, then {@link training} with what {@link chooseNoise} takes. A scale under a twentieth would
   * let the likelihood of repeated values grow without end.
   */
  readonly noise: readonly number[];
  /** A short training, whose held-out likelihood ranks the noise. */
  readonly trial: (noise: number) => TrainingOptions;
  /** The whole training. Where it ends less likely than the trial of that noise, keep the trial's model. */
  readonly training: (noise: number) => TrainingOptions;
  /** Held-out likelihood ends the training, and its best is kept. */
  readonly stopping: Required<Pick<FitOptions, "validateEvery" | "patience">>;
}

const noise = [0.05, 0.2, 0.5] as const;
const steps = { trial: 300, training: 1200 } as const;

/**
 * The recipe for a table of real or dequantised whole-number columns, each standardised.
 *
 * Few rows overfit and many blur with the noise that suits the others, so what smooths them is chosen
 * by the likelihood of held-out rows: of one Gaussian kernel width each, σ. A model trained with noise σ is
 * the density of the rows smoothed by that kernel; held-out rows are scored without noise.
 *
 * @param size at least 8 rows and 1 column.
 * @throws {UsageError} if there are fewer rows or columns.
 * @see Kim et al. 2020, SoftFlow, https://arxiv.org/abs/2006.04604 (noise against degenerate data)
 */
export function tableRecipe(size: TableSize): TableRecipe {
  expectKind(size, "object", "tableRecipe");
  const { rows, columns } = size;
  for (const [name, value, least] of [
    ["rows", rows, 8],
    ["columns", columns, 1],
  ] as const) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new UsageError(
      `tableRecipe: expected a table of at least ${least} ${name}, got ${value}; add some`,
      { name },
    );
  }
  const heldOut = Math.min(1000, Math.max(Math.round(0.15 * rows), Math.min(8, rows >> 1)));
  const batchSize = Math.min(128, rows - heldOut);
  const options = (count: number, scale: number): TrainingOptions => ({
    steps: count,
    batchSize,
    schedule: { kind: "cosine", learningRate: 0.01, warmup: 20 },
    logDet: { kind: "neumann", terms: 5 },
    augmentation: { kind: "noise", scale },
  });
  return {
    heldOut,
    model: { shape: [columns], blocks: [8], widths: [64, 64], activation: "elu", c: 0.98 },
    noise,
    trial: (scale) => options(steps.trial, scale),
    training: (scale) => options(steps.training, scale),
    stopping: { validateEvery: 150, patience: 3 },
  };
}

/** The outcome of a trial. */
export interface Trial {
  /** Standard deviation of the noise. */
  readonly noise: number;
  /** Mean log p of the held-out rows, nats a row, in the same units for all trials. */
  readonly logProb: number;
}

/**
 * The noise under which held-out rows are most likely; of those that tie, the largest.
 * @throws {UsageError} if no trial ended with a number.
 */
export function chooseNoise(trials: readonly Trial[]): number {
  expectKind(trials, "list", "chooseNoise");
  let best: Trial | undefined;
  for (const trial of trials) {
    expectKind(trial, "object", "chooseNoise");
    if (!Number.isFinite(trial.logProb)) continue;
    const isBetter =
      best === undefined ||
      trial.logProb > best.logProb ||
      (trial.logProb === best.logProb && trial.noise > best.noise);
    if (isBetter) best = trial;
  }
  if (best) return best.noise;
  const got = trials.map(({ logProb }) => logProb).join(", ");
  throw new UsageError(
    `chooseNoise: expected a trial with a finite likelihood of held-out rows, got ${got || "none"}`,
  );
}
