import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../src/json.js";
import { sizeOf, type Arrays, type NDArray } from "../src/tree.js";

/** A source of the twin, from this file's compiled place in `build/bench`. */
export function peerScript(name: string): string {
  return fileURLToPath(new URL(`../../bench/peer/${name}`, import.meta.url));
}

/** A Python that has PyTorch, if there is one. */
export function findPython(): string | undefined {
  return ["python3", "/usr/bin/python3"].find((python) => {
    try {
      execFileSync(python, ["-c", "import torch, numpy"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** In floats. */
  readonly offset: number;
}

/** The PyTorch twin of a case, in a process of its own that answers one line to each line. */
export class Twin {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #lines: AsyncIterator<string>;

  private constructor(python: string, folder: string, threads: number) {
    this.#folder = folder;
    this.#process = spawn(
      python,
      ["-B", peerScript("twin.py"), folder, "--threads", String(threads)],
      {
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  static async start(
    python: string,
    { kind, config, arrays }: { kind: string; config: JsonObject; arrays: Arrays },
    threads: number,
  ): Promise<Twin> {
    const folder = mkdtempSync(join(tmpdir(), "iresnet-twin-"));
    let offset = 0;
    const entries = Object.entries(arrays).map(([name, { shape, data }]): Entry => {
      const entry = { name, shape, offset };
      offset += data.length;
      return entry;
    });
    const floats = new Float32Array(offset);
    entries.forEach(({ name, offset: at }) => {
      floats.set(arrays[name]!.data, at);
    });
    writeFileSync(join(folder, "case.json"), JSON.stringify({ kind, config, arrays: entries }));
    writeFileSync(join(folder, "case.bin"), floats);
    const twin = new Twin(python, folder, threads);
    await twin.#answer();
    return twin;
  }

  /** Milliseconds of one training step. */
  async step(): Promise<number> {
    return (await this.#ask("step")).ms as number;
  }

  async peakMiB(): Promise<number> {
    return (await this.#ask("memory")).peakMiB as number;
  }

  /** The loss, every gradient, and the power-iteration vectors after the step. */
  async gradients(): Promise<Arrays> {
    await this.#ask("gradients");
    return this.#written();
  }

  /** The x that z came from, and the milliseconds that took. */
  async inverse(): Promise<{ readonly x: NDArray; readonly ms: number }> {
    const { ms } = await this.#ask("inverse");
    return { x: this.#written().x!, ms: ms as number };
  }

  stop(): void {
    this.#process.stdin!.end('{"op": "quit"}\n');
    rmSync(this.#folder, { recursive: true });
  }

  #written(): Arrays {
    const { arrays } = JSON.parse(readFileSync(join(this.#folder, "twin.json"), "utf8")) as {
      arrays: readonly Entry[];
    };
    const bytes = readFileSync(join(this.#folder, "twin.bin"));
    const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    return Object.fromEntries(
      arrays.map(({ name, shape, offset }): [string, NDArray] => [
        name,
        { shape, data: floats.slice(offset, offset + sizeOf(shape)) },
      ]),
    );
  }

  async #ask(op: string): Promise<JsonObject> {
    this.#process.stdin!.write(`${JSON.stringify({ op })}\n`);
    return this.#answer();
  }

  async #answer(): Promise<JsonObject> {
    const line = await this.#lines.next();
    if (line.done) throw new Error("the PyTorch twin ended early; its message is above");
    return JSON.parse(line.value) as JsonObject;
  }
}
