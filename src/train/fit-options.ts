import { expectKind } from "../border/kinds.js";
import { expectOptions } from "../border/options.js";
import { expectWhole, ranges } from "../border/ranges.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { localTransports, type Engine, type Member, type Transport } from "../engine/index.js";
import { UsageError } from "../errors.js";
import type { Arrays } from "../tree.js";

/** Where a run stands after a step. */
export interface Progress {
  /** Steps taken. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** In nats. */
  readonly loss: number;
  /** |∇loss|₂ before clipping. */
  readonly gradNorm: number;
  /** The objective's metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly examplesPerSecond: number;
  /** Time spent on steps, over all resumptions. */
  readonly elapsedSeconds: number;
}

/** A {@link Progress} whose loss, gradNorm and metrics are means over the steps since the last. */
export interface Report extends Progress {
  /** The numbers that `validate` gave, if it was its turn. */
  readonly validation?: Readonly<Record<string, number>>;
}

export interface FitOptions {
  /** Initialises the model, and takes the steps unless there are `workers`. */
  readonly engine: Engine;
  /**
   * Engines that take each step together, an equal part of the batch each: two of one thread are
   * faster than one of two threads where the network is narrow. The mean of their gradients, taken
   * in their order, is the gradient of the whole batch, up to rounding; batch normalisation takes
   * the statistics of the whole batch.
   */
  readonly workers?: readonly Engine[];
  /**
   * The other processes that take each step together with this one, such as those of MPI; each calls
   * `fit` alike, with an engine of its own and no `workers`. Rank 0 alone validates, reports, warns
   * and saves. A `signal` to any of them ends the run in all, after the step under way or the next.
   */
  readonly transport?: Transport;
  /** A checkpoint of the same model and seed to continue from. */
  readonly resume?: Checkpoint;
  /** Called after each step. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called every `reportEvery` steps, after each validation, and at the end. */
  readonly onReport?: (report: Report) => Promise<void>;
  /** 100 unless given. */
  readonly reportEvery?: number;
  /**
   * Measures the model with {@link inferenceArrays}, every `validateEvery` steps and at the end.
   * The smallest of the first numbers it gives becomes the checkpoint's `best`.
   */
  readonly validate?: (arrays: Arrays) => Promise<Readonly<Record<string, number>>>;
  readonly validateEvery?: number;
  /**
   * Ends the run once so many validations in a row haven't been better than the best; never unless
   * given. With `onBest`, which then has the arrays to keep, this is early stopping.
   */
  readonly patience?: number;
  /** Called with what `validate` measured whenever it is the best so far. */
  readonly onBest?: (arrays: Arrays) => Promise<void>;
  /** Saves a checkpoint, every `checkpointEvery` steps and when the run ends, however it ends. */
  readonly checkpoint?: (checkpoint: Checkpoint) => Promise<void>;
  readonly checkpointEvery?: number;
  /**
   * Ends the run after the current step. A validation under way is left, and comes first once the
   * run goes on; not where other processes wait for it.
   */
  readonly signal?: AbortSignal;
  /** Called with each of the data's warnings before the first step; console.warn unless given. */
  readonly onWarning?: (warning: string) => void;
}

const known = [
  "engine",
  "workers",
  "transport",
  "resume",
  "onProgress",
  "onReport",
  "reportEvery",
  "validate",
  "validateEvery",
  "patience",
  "onBest",
  "checkpoint",
  "checkpointEvery",
  "signal",
  "onWarning",
] as const satisfies readonly (keyof FitOptions)[];

/** @throws {UsageError} if an option is unknown, no number of steps where it has to be, or of another kind. */
export function expectFitOptions(options: FitOptions): void {
  expectOptions(options, known, "fit");
  for (const one of [options.engine, ...(options.workers ?? [])]) expectKind(one, "engine", "fit");
  if (options.transport !== undefined) expectKind(options.transport, "transport", "fit");
  for (const name of ["reportEvery", "validateEvery", "patience", "checkpointEvery"] as const) {
    const every = options[name];
    if (every !== undefined) expectWhole(every, ranges.steps, `fit: ${name}`);
  }
}

/** @throws {UsageError} if there are both workers and other processes. */
export function membersOf({
  engine,
  workers = [engine],
  transport,
}: FitOptions): readonly Member[] {
  if (!transport) {
    const transports = localTransports(workers.length);
    return workers.map((worker, i) => ({ engine: worker, transport: transports[i]! }));
  }
  if (workers.length === 1) return [{ engine: workers[0]!, transport }];
  throw new UsageError(
    `fit: expected one worker in each process of a transport, got ${workers.length}; leave workers out, and start more processes`,
  );
}

/** What counts of the options of a process that isn't the first: it tells nobody, and saves nothing. */
export function ofOthers({
  engine,
  validate,
  validateEvery,
  patience,
  signal,
}: FitOptions): FitOptions {
  return {
    engine,
    ...(validate && { validate }),
    ...(validateEvery !== undefined && { validateEvery }),
    ...(patience !== undefined && { patience }),
    ...(signal && { signal }),
    onWarning: () => undefined,
  };
}

/** Whether the validations since the best one have used up the patience. */
export function isPastBest(
  { step, best }: { readonly step: number; readonly best?: { readonly step: number } | undefined },
  {
    patience,
    validateEvery,
  }: { readonly patience?: number | undefined; readonly validateEvery?: number | undefined },
): boolean {
  if (patience === undefined || validateEvery === undefined || !best) return false;
  return step - best.step >= patience * validateEvery;
}
