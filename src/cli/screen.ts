/** A stream to print on: `process.stdout` or `process.stderr`. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

const CLEAR = "\r\x1b[K";
const UP = "\x1b[A";

/** Lines that stay, and below them one of each task under way, which is drawn again and again. */
export class Screen {
  readonly #output: Output;
  /** Unfinished lines by task. */
  readonly #unfinished = new Map<string, string>();
  /** How many of them are on the screen. */
  #drawn = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Prints a line that stays. Those of tasks make way, until one of them is drawn again. */
  print(task: string, line: string): void {
    this.#unfinished.delete(task);
    this.clear();
    this.#output.write(`${line}\n`);
  }

  /** Draws what a task's line is now. */
  draw(task: string, line: string): void {
    this.#unfinished.set(task, line);
    // A terminal that does not know its size says 0.
    const { columns = 0, rows = 0 } = this.#output;
    const lines = [...this.#unfinished.values()].slice(-Math.max(1, (rows > 0 ? rows : 24) - 1));
    const width = (columns > 0 ? columns : 80) - 1;
    this.#output.write(this.#erasing() + lines.map((text) => text.slice(0, width)).join("\n"));
    this.#drawn = lines.length;
  }

  clear(): void {
    if (this.#drawn > 0) this.#output.write(this.#erasing());
    this.#drawn = 0;
  }

  #erasing(): string {
    return CLEAR + (UP + CLEAR).repeat(Math.max(0, this.#drawn - 1));
  }
}
