import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A source of the peers, from this file's compiled place in `build/bench`. */
export function peerScript(name: string): string {
  return fileURLToPath(new URL(`../../bench/peer/${name}`, import.meta.url));
}

/** A Python that has these modules, if there is one. */
export function findPython(...modules: readonly string[]): string | undefined {
  return ["python3", "/usr/bin/python3"].find((python) => {
    try {
      execFileSync(python, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

/** A Python program in a process of its own, which answers one line to each line. */
export class Peer {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** @param script its name in `bench/peer/` */
  constructor(python: string, script: string, args: readonly string[]) {
    this.#name = script;
    this.#process = spawn(python, ["-B", peerScript(script), ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  ask(line: string): Promise<string> {
    this.#process.stdin!.write(`${line}\n`);
    return this.answer();
  }

  /** The next line that it prints. */
  async answer(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done) throw new Error(`${this.#name} ended early; its message is above`);
    return line.value;
  }

  /** Ends its input, after a last line if one is given. */
  stop(line = ""): void {
    this.#process.stdin!.end(line);
  }
}
