import { loadSplit } from "../data/files.js";
import type { Engine } from "../engine/index.js";
import { ConvergenceError } from "../errors.js";
import { createModel, type AnyModel } from "../models/index.js";
import { Random } from "../random.js";
import { imageBatches, toyBatches, type BatchSource } from "../train/batches.js";
import { saveCheckpoint } from "../checkpoint/checkpoint-file.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { fit, type FitOptions, type Report } from "../train/fit.js";
import { appendMetrics, truncateMetrics, type MetricsRecord } from "../train/metrics-file.js";
import { expectShares } from "../train/start.js";
import type { Evaluation } from "./evaluation.js";
import { expectFit, isToy, loadExamples, type Examples } from "./examples.js";
import { interrupted, interruptible } from "./interrupt.js";
import {
  drawDensity,
  evaluateRun,
  reconstructRun,
  saveEvaluation,
  savePictures,
  saveReconstruction,
} from "./measure.js";
import { openRunner, withEngine } from "./perform.js";
import type { Plane } from "./plane.js";
import { expectReconstructed, type Reconstruction } from "./reconstruction.js";
import { writeReport } from "./report.js";
import { openRun, writeJson, type RunConfig, type RunFolder } from "./run-folder.js";
import type { Terminal } from "./terminal.js";
import { Validator } from "./validation.js";
import { describeWorkers, withWorkers, type Workers } from "./workers.js";

/** What a run has come to. */
export interface Outcome {
  readonly evaluation: Evaluation;
  /** Of a model with an inverse. */
  readonly reconstruction?: Reconstruction;
  /** Of a 2-D density. */
  readonly plane?: Plane;
}

/** A run that is ready to train: its model and data are there, and fit each other. */
export interface Prepared {
  readonly config: RunConfig;
  readonly model: AnyModel;
  readonly source: BatchSource;
  readonly validation: Examples;
}

/**
 * @throws {DataError} if the data are missing, damaged or don't fit the model.
 * @throws {UsageError} if its workers can't share a batch equally.
 */
export async function prepare(config: RunConfig): Promise<Prepared> {
  expectShares(config.training.batchSize, config.workers ?? 1);
  const model = createModel(config.model.kind, config.model.config);
  const { batchSize, seed, augmentation } = config.training;
  const options = { batchSize, random: Random.fromSeed(seed).split("data") };
  const { name, folder } = config.data;
  const validation = await loadExamples(config.data, "validation", model);
  if (isToy(name)) return { config, model, validation, source: toyBatches(name, options) };
  const images = await loadSplit(name, folder, "train");
  expectFit(name, images.shape, model, images.classes);
  const labels = model.task !== "density";
  return {
    config,
    model,
    validation,
    source: imageBatches(images, { ...options, augmentation, labels }),
  };
}

/** Where a run goes: its folder, and the terminal for progress. */
export interface Place {
  readonly folder: RunFolder;
  readonly terminal: Terminal;
}

/**
 * Trains a run, from its start or from a checkpoint, then measures what came of it, shows that,
 * and saves it. A run that the user interrupts is saved and can go on.
 */
export async function train(
  prepared: Prepared,
  place: Place,
  { resume, show }: { readonly resume?: Checkpoint; readonly show: (outcome: Outcome) => void },
): Promise<void> {
  const { threads, device } = prepared.config;
  await withEngine({ threads, device }, async (engine) => {
    const isComplete = await interruptible(place.terminal, ({ signal }) =>
      takeSteps(engine, prepared, place, { signal, ...(resume && { resume }) }),
    );
    if (!isComplete) {
      place.terminal.note(`Saved. Go on with: iresnet train --resume ${place.folder.path}`);
      process.exitCode = interrupted;
      return;
    }
    await finish(engine, prepared.validation, place, show);
  });
}

/**
 * Takes the steps of a run that are left, or those until the signal, and saves it.
 * @returns whether the run is complete.
 */
export async function takeSteps(
  engine: Engine,
  prepared: Prepared,
  place: Place,
  options: Pick<FitOptions, "resume"> & { readonly signal: AbortSignal },
): Promise<boolean> {
  const last = await withWorkers(engine, prepared, place.terminal, async (workers) => {
    await noteWorkers(workers, prepared.config, place, options.resume);
    return runTraining(prepared, place, { engine, workers, ...options });
  });
  return !last.training || last.training.step >= prepared.config.training.steps;
}

/** Keeps what a run begins on; warns if it goes on with something else. */
async function noteWorkers(
  workers: Workers,
  config: RunConfig,
  { folder, terminal }: Place,
  resume: Checkpoint | undefined,
): Promise<void> {
  const engine = describeWorkers(workers);
  if (!resume) {
    await writeJson(folder.config, { ...config, workers: workers.length, engine });
  } else if (config.engine !== undefined && config.engine !== engine) {
    terminal.warn(`the run began on ${config.engine}, not ${engine}: the last bits will differ`);
  }
}

async function runTraining(
  { config, model, source, validation }: Prepared,
  { folder, terminal }: Place,
  options: Pick<FitOptions, "engine" | "workers" | "signal" | "resume">,
): Promise<Checkpoint> {
  const { training, validateEvery, checkpointEvery } = config;
  const { kind, config: modelConfig } = model;
  const validator = new Validator({ engine: options.engine, model, examples: validation });
  await truncateMetrics(folder.metrics, options.resume?.training?.step ?? 0);
  const run = fit(model, source, training, {
    ...options,
    validate: (arrays) => validator.measure(arrays),
    validateEvery,
    onBest: (arrays) =>
      saveCheckpoint(folder.best, { format: 1, model: { kind, config: modelConfig }, arrays }),
    checkpoint: (checkpoint) => saveCheckpoint(folder.checkpoint, checkpoint),
    checkpointEvery,
    reportEvery: Math.max(1, Math.round(training.steps / 200)),
    onProgress: ({ step, steps, examplesPerSecond }) => {
      const rate = examplesPerSecond / training.batchSize;
      terminal.progress({ label: "train", done: step, total: steps, unit: "steps", rate });
    },
    onReport: async (report) => {
      await appendMetrics(folder.metrics, metricsOf(report));
      if (report.validation) printReport(terminal, report, training.batchSize);
    },
  });
  return run.finally(() => validator.close());
}

function metricsOf(report: Report): MetricsRecord {
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

function printReport(terminal: Terminal, report: Report, batchSize: number): void {
  const { step, steps, loss, metrics, validation, examplesPerSecond } = report;
  terminal.report({
    step,
    steps,
    values: { "loss (nats)": loss, ...metrics, ...validation },
    rate: examplesPerSecond,
    unit: "examples",
    secondsLeft: ((steps - step) * batchSize) / examplesPerSecond,
  });
}

/** Measures and draws what a trained run's best model is, shows it, then saves it. */
async function finish(
  engine: Engine,
  examples: Examples,
  { folder, terminal }: Place,
  show: (outcome: Outcome) => void,
): Promise<void> {
  const runner = await openRunner(engine, await openRun(folder.path));
  const evaluation = await evaluateRun(runner, examples, terminal);
  const measurement = runner.model.bijection
    ? await reconstructRun(runner, examples, terminal, { count: 1000 })
    : undefined;
  const density = await warnIfDiverging(terminal, async () => {
    if (measurement) expectReconstructed(measurement);
    return runner.model.density ? drawDensity(runner, examples) : undefined;
  });
  await runner.close();
  const plane = density?.plane;
  show({
    evaluation,
    ...(measurement && { reconstruction: measurement.reconstruction }),
    ...(plane && { plane }),
  });
  await saveEvaluation(folder, evaluation);
  if (measurement) await saveReconstruction(folder, measurement);
  if (density) await savePictures(folder, density.pictures);
  if (plane) await writeJson(folder.plane, plane);
  await writeReport(folder);
}

/** A network without a bound need not have an inverse: what needs one is left out. */
export async function warnIfDiverging<T>(
  terminal: Terminal,
  body: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof ConvergenceError)) throw error;
    terminal.warn(error.message);
    return undefined;
  }
}
