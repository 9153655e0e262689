import { IresnetError, UsageError } from "../errors.js";
import type { Listener, StepReport, TaskProgress } from "../runs/listener.js";
import { formatDuration, formatNumber } from "../text.js";
import { Screen, type Output } from "./screen.js";

export interface TerminalOptions {
  /** Takes results alone. */
  readonly stdout: Output;
  /** Takes progress, notes and errors. */
  readonly stderr: Output;
  /** Print results as JSON. */
  readonly json: boolean;
  /** Reads `NO_COLOR`, `TERM` and `IRESNET_DEBUG`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds on any clock. */
  readonly now?: () => number;
}

/** Milliseconds between two states of a task, on a terminal and in a file. */
const REDRAW = { terminal: 100, file: 10_000 };
const BAR = 16;
const RED = 31;
const YELLOW = 33;

/** All that the command line prints. */
export class Terminal implements Listener {
  readonly #options: TerminalOptions;
  readonly #animated: boolean;
  readonly #colored: boolean;
  readonly #now: () => number;
  readonly #screen: Screen;
  readonly #name: string;
  #task: { label: string; at: number } | undefined;

  constructor(options: TerminalOptions, { name = "", screen = new Screen(options.stderr) } = {}) {
    const { stderr, env, now = Date.now } = options;
    this.#options = options;
    this.#name = name;
    this.#screen = screen;
    this.#animated = stderr.isTTY === true && env.TERM !== "dumb";
    this.#colored = this.#animated && !env.NO_COLOR;
    this.#now = now;
  }

  /** The same terminal for one of several tasks at once: its lines begin with its name. */
  named(name: string): Terminal {
    return new Terminal(this.#options, { name, screen: this.#screen });
  }

  /** One that prints nothing. */
  quiet(): Terminal {
    const nowhere = { write: () => true };
    return new Terminal({ ...this.#options, stdout: nowhere, stderr: nowhere });
  }

  /** Prints a command's result on stdout: `value` as one line of JSON, or the text for people. */
  result(value: object, human: string): void {
    this.#screen.clear();
    this.#options.stdout.write(`${this.#options.json ? JSON.stringify(value) : human}\n`);
  }

  /** Prints a piece of a result that comes bit by bit, as it is. */
  piece(text: string): void {
    this.#screen.clear();
    this.#options.stdout.write(text);
  }

  /** Prints one line on a training run; the columns of successive lines align. */
  report({ step, steps, values, rate, unit, secondsLeft }: StepReport): void {
    const fields = Object.entries(values).map(([name, x]) => `${name} ${column(x)}`);
    this.#line(
      [
        `step ${outOf(String(step), String(steps))}`,
        ...fields,
        `${column(rate)} ${unit}/s`,
        `left ${duration(secondsLeft)}`,
      ].join("  "),
    );
  }

  /** Shows how far a task is: a line that updates on a terminal, a line now and then elsewhere. */
  progress(task: TaskProgress): void {
    const { label, done, total = Infinity } = task;
    const finished = done >= total;
    const now = this.#now();
    const wait = this.#animated ? REDRAW.terminal : REDRAW.file;
    const fresh = this.#task?.label !== label;
    if (!finished && !fresh && now - (this.#task?.at ?? 0) < wait) return;
    this.#task = finished ? undefined : { label, at: now };
    const text = progressLine(task, this.#animated);
    if (this.#animated && !finished) this.#screen.draw(this.#name, this.#prefixed(text));
    else this.#line(text);
  }

  note(text: string): void {
    this.#line(text);
  }

  warn(text: string): void {
    this.#line(`${this.#paint("warning:", YELLOW)} ${text}`);
  }

  /**
   * Prints why a command ended, and returns the exit code. The stack of an unexpected error
   * appears if the variable `IRESNET_DEBUG` is set.
   */
  fail(error: unknown): 1 | 2 {
    const prefix = this.#paint("error:", RED);
    if (error instanceof IresnetError) {
      this.#line(`${prefix} ${error.message}`);
      return error instanceof UsageError ? 2 : 1;
    }
    const [message = ""] = String(error).split("\n");
    this.#line(`${prefix} unexpected: ${message}`);
    this.#line(
      this.#options.env.IRESNET_DEBUG
        ? ((error instanceof Error ? error.stack : undefined) ?? "no stack")
        : "Set IRESNET_DEBUG=1 to see where it happened.",
    );
    return 1;
  }

  #line(text: string): void {
    this.#screen.print(this.#name, this.#prefixed(text));
  }

  #prefixed(text: string): string {
    return this.#name === "" ? text : `${this.#name}  ${text}`;
  }

  #paint(text: string, color: number): string {
    return this.#colored ? `\x1b[${color}m${text}\x1b[0m` : text;
  }
}

function progressLine({ label, done, total, unit, rate }: TaskProgress, animated: boolean): string {
  const { size, name } = unit === "bytes" ? { size: 1e6, name: "MB" } : { size: 1, name: unit };
  const amount = (count: number): string => (size > 1 ? (count / size).toFixed(1) : String(count));
  const speed = `${column(rate / size)}/s`;
  if (total === undefined) return [label, `${amount(done)} ${name}`, speed].join("  ");
  const fraction = total > 0 ? Math.min(1, done / total) : 1;
  const full = Math.round(BAR * fraction);
  const bar = animated ? `${"█".repeat(full)}${"░".repeat(BAR - full)} ` : "";
  const left = done < total ? [`left ${duration((total - done) / rate)}`] : [];
  return [
    label,
    `${bar}${`${Math.floor(100 * fraction)}%`.padStart(4)}`,
    `${outOf(amount(done), amount(total))} ${name}`,
    speed,
    ...left,
  ].join("  ");
}

function column(value: number): string {
  return formatNumber(value).padStart(8);
}

function duration(seconds: number): string {
  return formatDuration(seconds).padStart(7);
}

/** "1200/8000", equally wide for any number done. */
function outOf(done: string, total: string): string {
  return `${done.padStart(total.length)}/${total}`;
}
