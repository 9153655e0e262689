import type { Listener } from "../runs/listener.js";

/** Signals that end a program, and the exit code that a shell then expects. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof exitCodes;

/**
 * Ctrl-C lets the body end by itself, be it by throwing the signal's reason; a second one ends the
 * process. If the first one left the body without a result, the exit code says so.
 */
export async function interruptible<T>(
  listener: Listener,
  body: (signal: AbortSignal) => Promise<T | undefined>,
): Promise<T | undefined> {
  const controller = new AbortController();
  let received: Signal | undefined;
  const stop = (signal: Signal): void => {
    if (received) endAtOnce(signal);
    received = signal;
    listener.note("Stopping. Once more to stop at once.");
    controller.abort();
  };
  const signals = Object.keys(exitCodes) as Signal[];
  for (const signal of signals) process.on(signal, stop);
  try {
    const result = await body(controller.signal).catch((error: unknown) => {
      if (received && error === controller.signal.reason) return undefined;
      throw error;
    });
    if (result === undefined && received) process.exitCode = exitCodes[received];
    return result;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

/**
 * Ends the process by the signal itself. An ordinary exit would free the runtime under a thread that
 * computes, which aborts.
 */
function endAtOnce(signal: Signal): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/**
 * What the body gives; if a signal ended it, says how to go on.
 * @param goOn the command that continues
 */
export async function finished<T>(
  listener: Listener,
  goOn: string,
  body: (signal: AbortSignal) => Promise<T | undefined>,
): Promise<T | undefined> {
  const result = await interruptible(listener, body);
  if (result === undefined) listener.note(`Saved. Go on with: ${goOn}`);
  return result;
}
