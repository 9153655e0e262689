import {
  fit,
  type Arrays,
  type Checkpoint,
  type DataSet,
  type Density,
  type Engine,
  type TrainingOptions,
} from "iresnet";
import type { ForwardPicture, InversePicture } from "./picture.js";
import type { PlaneView } from "./plane-view.js";

/** What a run tells: what has come since the last time. */
export interface TrainingUpdate {
  /** Steps taken. */
  readonly step: number;
  /** Loss in nats of each step since the last update. */
  readonly losses: Float32Array;
  readonly stepsPerSecond: number;
  readonly forward?: ForwardPicture;
  readonly inverse?: InversePicture;
}

export interface TrainingJob {
  readonly engine: Engine;
  readonly model: Density;
  readonly data: DataSet;
  readonly training: TrainingOptions;
  readonly view: PlaneView;
  readonly resume?: Checkpoint;
  readonly told: (update: TrainingUpdate) => void;
}

/** Shares of the time: a picture waits for so many times as long as the last one took. */
const wait = { forward: 1.5, inverse: 3, losses: 250 } as const;

/** A run of training that is played, paused and stepped through, and shown as it goes. */
export class Training {
  /** Settles when the run has ended, stopped or failed, with what it leaves. */
  readonly ended: Promise<Checkpoint>;
  readonly #job: TrainingJob;
  readonly #stop = new AbortController();
  /** Steps that may be taken. */
  #allowed = 0;
  #wake: () => void = () => undefined;
  #losses: number[] = [];
  #recent: { readonly step: number; readonly seconds: number }[] = [];
  /** When the next of each is due, in milliseconds. */
  #due = { forward: 0, inverse: 0, losses: 0 };

  /** @param steps that may be taken at first, 1 or more; `Infinity` plays */
  constructor(job: TrainingJob, steps: number) {
    this.#job = job;
    this.#allowed = steps;
    const { engine, model, data, training, resume } = job;
    this.ended = fit(model, data, training, {
      engine,
      ...(resume && { resume }),
      signal: this.#stop.signal,
      validateEvery: 1,
      validate: (arrays) => this.#afterStep(arrays),
      onProgress: ({ step, loss, elapsedSeconds }) => {
        this.#losses.push(loss);
        this.#recent = [...this.#recent.slice(-20), { step, seconds: elapsedSeconds }];
      },
      onWarning: () => undefined,
    });
  }

  play(): void {
    this.#allow(Infinity);
  }

  pause(): void {
    this.#allowed = 0;
  }

  step(): void {
    this.#allow(1);
  }

  /** Ends the run after the step under way. */
  async stop(): Promise<Checkpoint> {
    this.#stop.abort();
    this.#wake();
    return this.ended;
  }

  #allow(steps: number): void {
    this.#allowed = steps;
    this.#wake();
  }

  /** Shows what is due, and holds the run while it is paused. */
  async #afterStep(arrays: Arrays): Promise<Record<string, number>> {
    this.#allowed--;
    let isWhole = this.#allowed <= 0;
    await this.#show(arrays, isWhole);
    while (this.#allowed <= 0 && !this.#stop.signal.aborted) {
      if (!isWhole) await this.#show(arrays, true);
      isWhole = true;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { loss: this.#losses.at(-1) ?? 0 };
  }

  /** @param isWhole whether all is shown, due or not */
  async #show(arrays: Arrays, isWhole: boolean): Promise<void> {
    const now = performance.now();
    const { view } = this.#job;
    const forwardDue = isWhole || now >= this.#due.forward;
    const inverseDue = isWhole || now >= this.#due.inverse;
    if (!forwardDue && !inverseDue && now < this.#due.losses) return;
    let forward: ForwardPicture | undefined;
    let inverse: InversePicture | undefined;
    if (forwardDue || inverseDue) {
      await view.load(arrays);
      forward = await view.forward();
      this.#due.forward = nextDue(now, wait.forward);
    }
    if (inverseDue) {
      const start = performance.now();
      inverse = await view.inverse();
      this.#due.inverse = nextDue(start, wait.inverse);
    }
    this.#due.losses = performance.now() + wait.losses;
    const last = this.#recent.at(-1);
    this.#job.told({
      step: last?.step ?? 0,
      losses: Float32Array.from(this.#losses),
      stepsPerSecond: this.#rate(),
      ...(forward && { forward }),
      ...(inverse && { inverse }),
    });
    this.#losses = [];
  }

  #rate(): number {
    const [first, last] = [this.#recent[0], this.#recent.at(-1)];
    if (!first || !last || last.seconds <= first.seconds) return 0;
    return (last.step - first.step) / (last.seconds - first.seconds);
  }
}

/** A moment as many times later than now as what began at `start` has taken. */
function nextDue(start: number, times: number): number {
  const now = performance.now();
  return now + times * (now - start);
}
