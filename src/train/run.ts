import type { Checkpoint, TrainingState } from "../checkpoint/checkpoint.js";
import { inferenceArrays, settledName } from "../checkpoint/stored-arrays.js";
import { describeData, type DataSet } from "../data/index.js";
import { abortable, broadcast, isAbort, type Transport } from "../engine/index.js";
import { DivergenceError } from "../errors.js";
import { Random } from "../random.js";
import type { Arrays } from "../tree.js";
import type { BatchSource } from "./batches.js";
import { divergenceError, firstNonFinite } from "./divergence.js";
import { isPastBest, type FitOptions, type Progress, type Report } from "./fit-options.js";
import type { Job } from "./graphs.js";
import { meanOf, measuredOf, scalarsOf, withMetrics, type Measured } from "./measured.js";
import { learningRate } from "./schedules.js";
import { Statistics } from "./settle.js";
import { expectBatch } from "./start.js";
import type { ReadyStep, TrainStep } from "./train-step.js";

/** A step ready to run. */
interface Ready {
  /** Of the batch, for the members of this process. */
  readonly parts: readonly Arrays[];
  readonly noise: Random;
  readonly rate: number;
  readonly prepared: ReadyStep;
}

/** What a run trains, and on what. */
interface Subject {
  readonly job: Job;
  readonly data: DataSet;
  readonly source: BatchSource;
}

/** Steps of a training under way, with what is measured, told and saved between them. */
export class Run {
  readonly #job: Job;
  readonly #data: DataSet;
  readonly #source: BatchSource;
  readonly #statistics: Statistics;
  readonly #options: FitOptions;
  readonly #step: TrainStep;
  readonly #noise: Random;
  readonly #team: Transport;
  readonly #start: { readonly step: number; readonly seconds: number };
  #taken: number;
  #seconds: number;
  #best: TrainingState["best"];
  #savedAt: number | undefined;
  /** Means to report with a validation that the run owes. */
  #due: Measured | undefined;
  /** Since the last report. */
  #recent: Measured[] = [];

  constructor(
    { job, data, source }: Subject,
    options: FitOptions,
    step: TrainStep,
    state: TrainingState | undefined,
  ) {
    this.#job = job;
    this.#data = data;
    this.#source = source;
    this.#team = job.members[0]!.transport;
    const engine = abortable(job.engine, this.#isSpread ? undefined : options.signal);
    this.#statistics = new Statistics({ ...job, engine }, source);
    this.#options = options;
    this.#step = step;
    this.#noise = Random.fromSeed(job.config.seed).split("step");
    this.#taken = state?.step ?? 0;
    this.#seconds = state?.elapsedSeconds ?? 0;
    this.#start = { step: this.#taken, seconds: this.#seconds };
    this.#best = state?.best;
    this.#savedAt = state?.step;
    this.#due = state?.due && measuredOf(state.due);
  }

  /** Takes the steps that are left, and saves however that ends: a failed step left no trace. */
  async train(): Promise<Checkpoint> {
    const { signal } = this.#options;
    try {
      await this.#takeSteps();
      return await this.#save({ settle: signal?.aborted !== true });
    } catch (error) {
      if (isAbort(error, signal)) return this.#save();
      // A failure to save must not hide why the run ended.
      await this.#save().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#statistics.close();
    await this.#step.close();
  }

  async #takeSteps(): Promise<void> {
    const { signal, onProgress, checkpointEvery } = this.#options;
    if (this.#due) {
      this.#recent = [this.#due];
      await this.#report(this.#rate(this.#taken - 1));
      this.#savedAt = undefined;
    }
    let ready = this.#prepare(this.#taken);
    await ready?.prepared.loaded;
    let isEnding = false;
    while (
      ready &&
      !isEnding &&
      !isPastBest({ step: this.#taken, best: this.#best }, this.#options)
    ) {
      const asked = signal?.aborted === true;
      // Other processes have to hear of it before any of them leaves.
      if (asked && !this.#isSpread) break;
      const start = performance.now();
      const running = ready.prepared.run({ stop: asked });
      const next = this.#prepareMeanwhile(this.#taken + 1);
      // If it fails, that counts once the step under way has been settled.
      next.catch(() => undefined);
      const results = await running;
      const { parameters, stop, ...scalars } = scalarsOf(results);
      isEnding = stop! > 0;
      const measured = measuredOf(scalars);
      if (![measured.loss, measured.gradNorm, parameters].every(Number.isFinite)) {
        const batch = this.#team.size === 1 ? ready.parts[0]! : this.#source.batch(this.#taken);
        const failed = { ...ready, ...measured, batch, step: this.#taken + 1 };
        throw await divergenceError(this.#job, failed, await this.#step.read());
      }
      this.#taken++;
      this.#seconds += (performance.now() - start) / 1000;
      this.#recent.push(measured);
      onProgress?.(this.#progress(measured, ready.rate));
      await this.#report(ready.rate);
      if (isMultiple(this.#taken, checkpointEvery)) await this.#save();
      ready = await next;
    }
  }

  #prepare(step: number): Ready | undefined {
    const { model, config, members } = this.#job;
    if (step >= config.steps) return undefined;
    const parts = members.map(({ transport }) => this.#source.batch(step, transport));
    for (const part of parts) expectBatch(part, model, config.batchSize / this.#team.size);
    const rate = this.#rate(step);
    const noise = this.#noise.split(step);
    const prepared = this.#step.prepare(parts, { rate, step: step + 1 }, noise);
    return { parts, noise, rate, prepared };
  }

  /** Lets the step under way reach the engine before the next one keeps this thread busy. */
  async #prepareMeanwhile(step: number): Promise<Ready | undefined> {
    await Promise.resolve();
    return this.#prepare(step);
  }

  /** Of the step that follows so many. */
  #rate(step: number): number {
    const { schedule, steps, from = 0 } = this.#job.config;
    return learningRate(schedule, step - from, steps - from);
  }

  #progress(measured: Measured, rate: number): Progress {
    const { steps, batchSize } = this.#job.config;
    const seconds = this.#seconds - this.#start.seconds;
    return {
      ...measured,
      step: this.#taken,
      steps,
      learningRate: rate,
      examplesPerSecond: seconds > 0 ? ((this.#taken - this.#start.step) * batchSize) / seconds : 0,
      elapsedSeconds: this.#seconds,
    };
  }

  async #report(rate: number): Promise<void> {
    const { onReport, reportEvery = 100, validate, validateEvery } = this.#options;
    const isLast = this.#taken === this.#job.config.steps;
    const isValidated = validate && (isLast || isMultiple(this.#taken, validateEvery));
    if (!isLast && !isValidated && !isMultiple(this.#taken, reportEvery)) return;
    const recent = meanOf(this.#recent);
    const validation = isValidated ? await this.#validateUnlessStopped(recent) : undefined;
    if (this.#due) return;
    const progress = this.#progress(recent, rate);
    this.#recent = [];
    await onReport?.({ ...progress, ...(validation && { validation }) });
  }

  /** Validates; if the signal ends that, the run owes it. */
  async #validateUnlessStopped(recent: Measured): Promise<Report["validation"]> {
    this.#due = recent;
    try {
      const validation = await this.#validate();
      this.#due = undefined;
      return validation;
    } catch (error) {
      if (isAbort(error, this.#options.signal)) return undefined;
      this.#due = undefined;
      throw error;
    }
  }

  async #validate(): Promise<Report["validation"]> {
    const { validate, onBest } = this.#options;
    const isFirst = this.#team.rank === 0;
    const arrays = isFirst ? await this.#settled() : {};
    const validation = isFirst ? await validate!(arrays) : {};
    const measured = Float64Array.of(Object.values(validation)[0] ?? NaN);
    const [value = NaN] = this.#isSpread ? await broadcast(this.#team, measured) : measured;
    if (Number.isFinite(value) && value < (this.#best?.value ?? Infinity)) {
      await onBest?.(arrays);
      this.#best = { step: this.#taken, value };
    }
    return validation;
  }

  /** What inference takes of the arrays as they are. */
  async #settled(): Promise<Arrays> {
    const trained = inferenceArrays(await this.#step.read());
    return { ...trained, ...(await this.#statistics.settle(trained)) };
  }

  /** Whether other processes take part. */
  get #isSpread(): boolean {
    return this.#team.size > this.#job.members.length;
  }

  /**
   * The checkpoint of this moment, saved if that hasn't happened yet, or without the statistics that
   * settle at the end.
   *
   * @throws {DivergenceError} naming an array that isn't finite: such a checkpoint is never saved.
   */
  async #save({ settle = false } = {}): Promise<Checkpoint> {
    const { model, config } = this.#job;
    const arrays = await this.#step.read();
    const settled = settle ? await this.#statistics.settle(inferenceArrays(arrays)) : {};
    const checkpoint: Checkpoint = {
      format: 1,
      model: { kind: model.kind, config: model.config },
      data: describeData(this.#data),
      training: {
        seed: config.seed,
        step: this.#taken,
        elapsedSeconds: this.#seconds,
        config,
        ...(this.#best && { best: this.#best }),
        ...(this.#due && { due: withMetrics(this.#due) }),
      },
      arrays: {
        ...arrays,
        ...Object.fromEntries(
          Object.entries(settled).map(([name, array]) => [settledName(name), array]),
        ),
      },
    };
    const bad = firstNonFinite(checkpoint.arrays);
    if (bad !== undefined) {
      throw new DivergenceError(
        `fit, step ${this.#taken}: expected finite arrays to save, got NaN or an infinite value in ${bad}; go on from an earlier checkpoint with a lower learning rate`,
        { step: this.#taken, name: bad },
      );
    }
    const isNew = this.#savedAt !== this.#taken || Object.keys(settled).length > 0;
    if (isNew) await this.#options.checkpoint?.(checkpoint);
    this.#savedAt = this.#taken;
    return checkpoint;
  }
}

const isMultiple = (step: number, every: number | undefined): boolean =>
  every !== undefined && step % every === 0;
