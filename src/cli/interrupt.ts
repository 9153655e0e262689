import type { Terminal } from "./terminal.js";

/** Exit code of a program that Ctrl-C ended. */
export const interrupted = 130;

/** Ctrl-C lets the body end by itself, as may the body; a second one ends the process. */
export async function interruptible<T>(
  terminal: Terminal,
  body: (controller: AbortController) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const signals = ["SIGINT", "SIGTERM"] as const;
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(interrupted);
    terminal.note("Stopping after this step. Once more to stop at once.");
    controller.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  try {
    return await body(controller);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
