import { expectKind } from "../border/kinds.js";
import { saveCheckpoint } from "../checkpoint/checkpoint-file.js";
import type { Checkpoint } from "../checkpoint/index.js";
import { describeData, type DataDescription, type DataSet } from "../data/index.js";
import type { Closable } from "../closable.js";
import { abortable, unlessAborted, type Engine, type Transport } from "../engine/index.js";
import {
  expectReconstructed,
  type Evaluation,
  type Plane,
  type Reconstruction,
} from "../measure/index.js";
import { heldOutScores } from "../images/index.js";
import { withLock } from "../files/lock.js";
import { openRunner, type Runner } from "../runner/index.js";
import { isPastBest, type FitOptions, type Report } from "../train/fit-options.js";
import { fit } from "../train/fit.js";
import { appendMetrics, truncateMetrics, type MetricsRecord } from "../train/metrics-file.js";
import { withEngine } from "./engine.js";
import { counter, type Listener } from "./listener.js";
import {
  drawDensity,
  evaluateRun,
  reconstructRun,
  saveEvaluation,
  savePictures,
  saveReconstruction,
  warnIfDiverging,
} from "./outcome.js";
import type { PreparedRun } from "./prepare.js";
import { writeReport } from "./report.js";
import { openRun } from "./open-run.js";
import { writeJson, type RunConfig, type RunFolder } from "./run-folder.js";
import { Validator } from "./validator.js";
import { describeWorkers, withWorkers } from "./workers.js";

/** The outcome of a run. */
export interface Outcome {
  readonly evaluation: Evaluation;
  /** The measured inverse, of a model that has one. */
  readonly reconstruction?: Reconstruction;
  /** The figures of a 2-D density. */
  readonly plane?: Plane;
}

/** Where a run goes: its folder, and who is told how it goes. */
export interface Place {
  readonly folder: RunFolder;
  readonly listener: Listener;
}

export interface TrainRunOptions {
  /** Ends the run after the step, or the batch of a measurement, under way; it can go on. */
  readonly signal: AbortSignal;
  /** A checkpoint of the run to continue from. */
  readonly resume?: Checkpoint;
  /**
   * The other processes that take its steps, such as those of MPI: rank 0 does all else. Closed once
   * the steps are taken.
   */
  readonly transport?: Transport & Closable;
  /** Told what came of the run before that is saved, which may fail. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/**
 * Trains a run, from its start or from a checkpoint, then measures what came of it and saves that.
 * @returns what came of it; nothing if the signal ended it, which saves it, or this isn't rank 0.
 */
export async function trainRun(
  prepared: PreparedRun,
  place: Place,
  options: TrainRunOptions,
): Promise<Outcome | undefined> {
  expectKind(prepared, "prepared run", "trainRun");
  expectKind(place, "place", "trainRun");
  expectKind(options, "object", "trainRun");
  expectKind(options.signal, "signal", "trainRun");
  const { onOutcome, ...steps } = options;
  const { signal, transport } = steps;
  const run = (): Promise<Outcome | undefined> =>
    withEngine(prepared.config, (engine) =>
      unlessAborted(signal, async () => {
        const isComplete = await takeSteps(engine, prepared, place, steps);
        await transport?.close();
        if (!isComplete || !isFirst(options)) return undefined;
        return finish(abortable(engine, signal), prepared, place, onOutcome);
      }),
    );
  return isFirst(options) ? withLock(place.folder.path, run) : run();
}

/**
 * Takes the steps of a run that are left, or those until the signal, and saves it.
 * @returns whether the run is complete.
 */
export async function takeSteps(
  engine: Engine,
  prepared: PreparedRun,
  place: Place,
  options: Omit<TrainRunOptions, "onOutcome">,
): Promise<boolean> {
  const { transport } = options;
  const train = async (taking: FitOptions["workers"], description: string): Promise<Checkpoint> => {
    const began = { engine: description, workers: taking?.length ?? 1 };
    if (isFirst(options)) await noteEngine(began, prepared.config, place, options.resume);
    return runTraining(prepared, place, { engine, ...(taking && { workers: taking }), ...options });
  };
  const last = await (transport
    ? train(undefined, `${transport.size} ranks of ${engine.description}`)
    : withWorkers(engine, prepared, { ...place, ...options }, (workers) =>
        train(workers, describeWorkers(workers)),
      ));
  if (!last.training) return true;
  const isLast = last.training.step >= prepared.config.training.steps;
  return isLast || isPastBest(last.training, prepared.config);
}

/** Whether this process is the first rank, or the only one: it alone writes. */
export const isFirst = ({
  transport,
}: {
  readonly transport?: Pick<Transport, "rank"> | undefined;
}): boolean => (transport?.rank ?? 0) === 0;

/** Keeps what a run begins on; warns if it goes on with something else. */
async function noteEngine(
  { engine, workers }: { readonly engine: string; readonly workers: number },
  config: RunConfig,
  { folder, listener }: Place,
  resume: Checkpoint | undefined,
): Promise<void> {
  if (config.engine === undefined) {
    await writeJson(folder.config, { ...config, workers, engine });
  } else if (resume && config.engine !== engine) {
    listener.warn(`the run began on ${config.engine}, not ${engine}: the last bits will differ`);
  }
}

async function runTraining(
  { config, model, data }: PreparedRun,
  { folder, listener }: Place,
  options: Pick<FitOptions, "engine" | "workers" | "signal" | "resume"> &
    Pick<TrainRunOptions, "transport">,
): Promise<Checkpoint> {
  const { training, validateEvery, patience, checkpointEvery } = config;
  const split = await data.split("validation");
  const described = describeData(data);
  // Other ranks wait for what the first one validates.
  const engine = abortable(options.engine, options.transport ? undefined : options.signal);
  const validator = new Validator({
    engine,
    model,
    data: described,
    split,
    byLikelihood: patience !== undefined,
  });
  const { kind, config: modelConfig } = model;
  if (isFirst(options)) {
    const { step = 0, due } = options.resume?.training ?? {};
    await truncateMetrics(folder.metrics, due ? step - 1 : step);
  }
  const run = fit(model, data, training, {
    ...options,
    onWarning: (text) => {
      listener.warn(text);
    },
    validate: (arrays) => validator.measure(arrays),
    validateEvery,
    ...(patience !== undefined && { patience }),
    onBest: (arrays) =>
      saveCheckpoint(folder.best, {
        format: 1,
        model: { kind, config: modelConfig },
        data: described,
        arrays,
      }),
    checkpoint: (checkpoint) => saveCheckpoint(folder.checkpoint, checkpoint),
    checkpointEvery,
    reportEvery: Math.max(1, Math.round(training.steps / 200)),
    onProgress: ({ step, steps, examplesPerSecond }) => {
      const rate = examplesPerSecond / training.batchSize;
      listener.progress({ label: "train", done: step, total: steps, unit: "steps", rate });
    },
    onReport: async (report) => {
      const stage = config.stages && { stage: config.stages.length + 1 };
      await appendMetrics(folder.metrics, { ...metricsOf(report), ...stage });
      if (report.validation) tell(listener, report, training.batchSize);
    },
  });
  return run.finally(() => validator.close());
}

/** A report as a line of a run's metrics. */
export function metricsOf(report: Report): MetricsRecord {
  const { step, loss, gradNorm, learningRate, examplesPerSecond, elapsedSeconds } = report;
  return {
    step,
    loss,
    gradNorm,
    learningRate,
    examplesPerSecond,
    elapsedSeconds,
    ...report.metrics,
    ...report.validation,
  };
}

function tell(listener: Listener, report: Report, batchSize: number): void {
  const { step, steps, loss, metrics, validation, examplesPerSecond } = report;
  listener.report({
    step,
    steps,
    values: { "loss (nats)": loss, ...metrics, ...validation },
    rate: examplesPerSecond,
    unit: "examples",
    secondsLeft: ((steps - step) * batchSize) / examplesPerSecond,
  });
}

/** Examples that the inverse is measured on after training. */
const reconstructed = 1000;

/** Measures and draws what a trained run's best model is, and saves it. */
async function finish(
  engine: Engine,
  { data }: PreparedRun,
  { folder, listener }: Place,
  onOutcome: TrainRunOptions["onOutcome"],
): Promise<Outcome> {
  const { checkpoint, file } = await openRun(folder.path);
  const split = await data.split("validation");
  const runner = await openRunner(checkpoint, { engine });
  const evaluation = await evaluateRun(runner, split, listener);
  const measurement = runner.model.bijection
    ? await reconstructRun(runner, split, listener, { count: reconstructed })
    : undefined;
  const drawn = await warnIfDiverging(listener, async () => {
    if (measurement) expectReconstructed(measurement);
    return runner.model.density ? drawDensity(runner, split) : undefined;
  });
  const heldOut = await heldOutOf(runner, data, listener);
  await runner.close();
  if (heldOut) await saveCheckpoint(file, { ...checkpoint, data: heldOut });
  const outcome = {
    evaluation,
    ...(measurement && { reconstruction: measurement.reconstruction }),
    ...(drawn?.plane && { plane: drawn.plane }),
  };
  onOutcome?.(outcome);
  await saveEvaluation(folder, evaluation);
  if (measurement) await saveReconstruction(folder, measurement);
  if (drawn) await savePictures(folder, drawn.pictures);
  if (drawn?.plane) await writeJson(folder.plane, drawn.plane);
  await writeReport(folder);
  return outcome;
}

/** The data of a density of pictures with what p-values need; nothing of other models. */
async function heldOutOf(
  runner: Runner,
  data: DataSet,
  listener: Listener,
): Promise<DataDescription | undefined> {
  if (!data.pictures || !runner.model.density) return undefined;
  const onProgress = counter(listener, { label: "score held-out pictures", unit: "pictures" });
  const heldOut = await heldOutScores(runner, await data.split("validation"), { onProgress });
  return { ...describeData(data), pictures: { ...data.pictures, heldOut } };
}
