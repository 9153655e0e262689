import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../src/json.js";
import { sizeOf, type Arrays, type NDArray } from "../src/tree.js";
import { Peer } from "./python.js";

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** In floats. */
  readonly offset: number;
}

/** The PyTorch twin of a case. */
export class Twin {
  readonly #peer: Peer;
  readonly #folder: string;

  private constructor(python: string, folder: string, threads: number) {
    this.#folder = folder;
    this.#peer = new Peer(python, "twin.py", [folder, "--threads", String(threads)]);
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
    await twin.#peer.answer();
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
    this.#peer.stop('{"op": "quit"}\n');
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
    return JSON.parse(await this.#peer.ask(JSON.stringify({ op }))) as JsonObject;
  }
}
