import type { Listener } from "../runs/listener.js";

/** Exit code of a program that Ctrl-C ended. */
export const interrupted = 130;

/** Ctrl-C lets the body end by itself, as may the body; a second one ends the process. */
export async function interruptible<T>(
  listener: Listener,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const signals = ["SIGINT", "SIGTERM"] as const;
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(interrupted);
    listener.note("Stopping after this step. Once more to stop at once.");
    controller.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  try {
    return await body(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

/**
 * What the body gives; if Ctrl-C ended it, says how to go on, and sets the exit code.
 * @param goOn the command that continues
 */
export async function finished<T>(
  listener: Listener,
  goOn: string,
  body: (signal: AbortSignal) => Promise<T | undefined>,
): Promise<T | undefined> {
  const result = await interruptible(listener, body);
  if (result === undefined) {
    listener.note(`Saved. Go on with: ${goOn}`);
    process.exitCode = interrupted;
  }
  return result;
}
