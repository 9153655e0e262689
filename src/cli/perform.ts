import { nodeEngine } from "../engine/node.js";
import type { Engine } from "../engine/index.js";
import { openModel, type AnyRunner } from "../runner/index.js";
import type { EngineOptions, ResultOptions } from "./options.js";
import type { Run } from "./run-folder.js";
import { Terminal } from "./terminal.js";

export type { AnyRunner } from "../runner/index.js";

/** Runs what a command does: its error becomes a message on stderr and the exit code. */
export async function perform(
  { json = false }: ResultOptions,
  body: (terminal: Terminal) => Promise<void>,
): Promise<void> {
  const { stdout, stderr, env } = process;
  const terminal = new Terminal({ stdout, stderr, env, json });
  try {
    await body(terminal);
  } catch (error) {
    process.exitCode = terminal.fail(error);
  }
}

/** Opens an engine for as long as `use` takes. */
export async function withEngine<T>(
  { threads, device }: { readonly [K in keyof EngineOptions]: EngineOptions[K] | undefined },
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await nodeEngine({
    ...(threads !== undefined && { threads }),
    ...(device && { device }),
  });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

/** Opens a run's model on an engine, its norms settled. */
export async function openRunner(
  engine: Engine,
  { model, arrays }: Pick<Run, "model" | "arrays">,
): Promise<AnyRunner> {
  return openModel(model, arrays, { engine });
}

/** Shows how many of `total` are done. */
export function counter(
  terminal: Terminal,
  { label, total, unit }: { readonly label: string; readonly total: number; readonly unit: string },
): (done: number) => void {
  const started = performance.now();
  return (done) => {
    const rate = (1000 * done) / (performance.now() - started);
    terminal.progress({ label, done, total, unit, rate });
  };
}
