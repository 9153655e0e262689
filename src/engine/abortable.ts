import type { Engine, Session } from "./engine.js";

/**
 * The engine, but that its sessions run nothing once the signal is aborted: they throw its reason.
 * So whatever computes on it ends after the run under way. Stores can still be read.
 */
export function abortable(engine: Engine, signal: AbortSignal | undefined): Engine {
  if (!signal) return engine;
  return {
    description: engine.description,
    load: async (graph) => {
      signal.throwIfAborted();
      return abortableSession(await engine.load(graph), signal);
    },
    createStore: (arrays) => engine.createStore(arrays),
    close: () => engine.close(),
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

function abortableSession(session: Session, signal: AbortSignal): Session {
  return {
    inputs: session.inputs,
    run: async (feeds, store) => {
      signal.throwIfAborted();
      return session.run(feeds, store);
    },
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  };
}

/** Whether an error says that the signal ended the work. */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && error === signal.reason;
}

/** What the body gives; nothing if the signal ended it. */
export async function unlessAborted<T>(
  signal: AbortSignal,
  body: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await body();
  } catch (error) {
    if (isAbort(error, signal)) return undefined;
    throw error;
  }
}
