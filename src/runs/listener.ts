/** State of a training run. */
export interface StepReport {
  readonly step: number;
  readonly steps: number;
  /** Numbers by name, such as the loss. */
  readonly values: Readonly<Record<string, number>>;
  /** Units a second. */
  readonly rate: number;
  readonly unit: string;
  readonly secondsLeft: number;
}

/** State of a task which counts up. */
export interface TaskProgress {
  readonly label: string;
  readonly done: number;
  /** Absent if it isn't known. */
  readonly total?: number;
  /** The unit that is counted; `bytes` are shown in MB. */
  readonly unit: string;
  /** Units a second. */
  readonly rate: number;
}

/** Whom long work tells how it goes: the command line's terminal, a page, a test. */
export interface Listener {
  /** How far a task is. */
  progress(task: TaskProgress): void;
  /** A sentence on what happens now. */
  note(text: string): void;
  /** Tells something that the user should know, though the work goes on. */
  warn(text: string): void;
  /** How a training run stands. */
  report(report: StepReport): void;
  /** The same for one of several tasks at once. */
  named(name: string): Listener;
}

/** Whom work tells how it goes, and what ends it early. */
export interface Watch {
  readonly listener: Listener;
  readonly signal: AbortSignal;
}

/** Says how many are done, of how many if that is known, and how fast. */
export function counter(
  listener: Listener,
  { label, unit }: Pick<TaskProgress, "label" | "unit">,
): (done: number, total?: number) => void {
  const started = performance.now();
  return (done, total) => {
    const rate = (1000 * done) / (performance.now() - started);
    listener.progress({ label, done, ...(total !== undefined && { total }), unit, rate });
  };
}
