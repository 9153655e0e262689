import { expectWhole, ranges } from "../border/ranges.js";
import { UsageError } from "../errors.js";
import type { Engine } from "./engine.js";
import type { StartOptions } from "./messages.js";
import type { WorkerCalls } from "./worker-calls.js";

/** @throws {UsageError} if there is no such device, or `threads` isn't a whole number of at least 1. */
export function expectEngineOptions<D extends string>(
  where: string,
  { device, threads }: { readonly device: D; readonly threads: number },
  devices: readonly D[],
): void {
  if (!devices.includes(device)) {
    throw new UsageError(`${where}: expected device ${devices.join(", ")}, got ${device}`);
  }
  expectWhole(threads, ranges.threads, `${where}: threads`);
}

/** Starts a worker and makes its engine; a failure leaves no worker behind. */
export async function startEngine(
  worker: WorkerCalls,
  options: StartOptions,
  make: (version: string) => Engine | Promise<Engine>,
): Promise<Engine> {
  try {
    return await make(await worker.call("start", options));
  } catch (error) {
    await worker.close().catch(() => undefined);
    throw error;
  }
}

/** `1 thread`, `2 threads`. */
export const threadCount = (threads: number): string =>
  `${threads} ${threads === 1 ? "thread" : "threads"}`;
