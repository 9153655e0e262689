import { expectKind } from "../border/kinds.js";
import { saveCheckpoint } from "../checkpoint/checkpoint-file.js";
import type { Checkpoint } from "../checkpoint/index.js";
import { describeData, type Split } from "../data/index.js";
import type { Closable } from "../closable.js";
import type { Engine, Transport } from "../engine/index.js";
import {
  expectReconstructed,
  type Evaluation,
  type Plane,
  type Reconstruction,
} from "../measure/index.js";
import { openRunner } from "../runner/index.js";
import type { FitOptions, Report } from "../train/fit-options.js";
import { fit } from "../train/fit.js";
import { appendMetrics, truncateMetrics, type MetricsRecord } from "../train/metrics-file.js";
import { withEngine } from "./engine.js";
import type { Listener } from "./listener.js";
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
import { openRun, writeJson, type RunConfig, type RunFolder } from "./run-folder.js";
import { Validator } from "./validator.js";
import { describeWorkers, withWorkers } from "./workers.js";

/** What a run has come to. */
export interface Outcome {
  readonly evaluation: Evaluation;
  /** Of a model with an inverse. */
  readonly reconstruction?: Reconstruction;
  /** Of a 2-D density. */
  readonly plane?: Plane;
}

/** Where a run goes: its folder, and who is told how it goes. */
export interface Place {
  readonly folder: RunFolder;
  readonly listener: Listener;
}

export interface TrainRunOptions {
  /** Ends the run after the step under way; it is saved and can go on. */
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
  return withEngine(prepared.config, async (engine) => {
    const { onOutcome, ...steps } = options;
    const isComplete = await takeSteps(engine, prepared, place, steps);
    await options.transport?.close();
    if (!isComplete || !isFirst(options)) return undefined;
    return finish(engine, await prepared.data.split("validation"), place, onOutcome);
  });
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
    : withWorkers(engine, prepared, place.listener, (workers) =>
        train(workers, describeWorkers(workers)),
      ));
  return !last.training || last.training.step >= prepared.config.training.steps;
}

const isFirst = ({ transport }: Pick<TrainRunOptions, "transport">): boolean =>
  (transport?.rank ?? 0) === 0;

/** Keeps what a run begins on; warns if it goes on with something else. */
async function noteEngine(
  { engine, workers }: { readonly engine: string; readonly workers: number },
  config: RunConfig,
  { folder, listener }: Place,
  resume: Checkpoint | undefined,
): Promise<void> {
  if (!resume) {
    await writeJson(folder.config, { ...config, workers, engine });
  } else if (config.engine !== undefined && config.engine !== engine) {
    listener.warn(`the run began on ${config.engine}, not ${engine}: the last bits will differ`);
  }
}

async function runTraining(
  { config, model, data }: PreparedRun,
  { folder, listener }: Place,
  options: Pick<FitOptions, "engine" | "workers" | "signal" | "resume"> &
    Pick<TrainRunOptions, "transport">,
): Promise<Checkpoint> {
  const { training, validateEvery, checkpointEvery } = config;
  const split = await data.split("validation");
  const described = describeData(data);
  const validator = new Validator({ engine: options.engine, model, data: described, split });
  const { kind, config: modelConfig } = model;
  if (isFirst(options)) {
    await truncateMetrics(folder.metrics, options.resume?.training?.step ?? 0);
  }
  const run = fit(model, data, training, {
    ...options,
    onWarning: (text) => {
      listener.warn(text);
    },
    validate: (arrays) => validator.measure(arrays),
    validateEvery,
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
      await appendMetrics(folder.metrics, metricsOf(report));
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
  split: Split,
  { folder, listener }: Place,
  onOutcome: TrainRunOptions["onOutcome"],
): Promise<Outcome> {
  const { checkpoint } = await openRun(folder.path);
  const runner = await openRunner(checkpoint, { engine });
  const evaluation = await evaluateRun(runner, split, listener);
  const measurement = runner.model.bijection
    ? await reconstructRun(runner, split, listener, { count: reconstructed })
    : undefined;
  const drawn = await warnIfDiverging(listener, async () => {
    if (measurement) expectReconstructed(measurement);
    return runner.model.density ? drawDensity(runner, split) : undefined;
  });
  await runner.close();
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
