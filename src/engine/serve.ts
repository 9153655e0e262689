import { ShapeError, UsageError } from "../errors.js";
import type { CallName, Calls, Failure, Reply, Request, StartOptions } from "./messages.js";
import { HeldArrays, Runtime, type LoadedProgram, type RuntimeOptions } from "./runtime.js";

/** What a worker starts with. */
export interface Started extends Omit<RuntimeOptions, "name"> {
  /** Of the runtime. */
  readonly version: string;
}

type Handlers = {
  readonly [K in CallName]: (request: Calls[K]["request"]) => Promise<Calls[K]["result"]>;
};

/**
 * The worker's side of an engine: gives a function that takes requests and answers them in order.
 * @param name of the engine, for messages
 * @param start opens ONNX Runtime
 * @param reply sends an answer, handing over `transferred`
 */
export function serve(
  name: string,
  start: (options: StartOptions) => Promise<Started>,
  reply: (message: Reply, transferred: ArrayBuffer[]) => void,
): (request: Request) => void {
  const handlers = handlersOf(name, start);
  const answer = async ({ id, call, request }: Request): Promise<void> => {
    try {
      const handler = handlers[call] as (request: unknown) => Promise<Calls[CallName]["result"]>;
      const result = await handler(request);
      const own = call === "run" && typeof result === "object" ? Object.values(result) : [];
      reply(
        { id, result },
        own.map(({ data }) => data.buffer as ArrayBuffer),
      );
    } catch (error) {
      reply({ id, failure: failureOf(error) }, []);
    }
  };
  let last = Promise.resolve();
  return (request) => {
    last = last.then(() => answer(request));
  };
}

function handlersOf(name: string, start: (options: StartOptions) => Promise<Started>): Handlers {
  const sessions = new Map<number, LoadedProgram>();
  const stores = new Map<number, HeldArrays>();
  let started: Runtime | undefined;
  const find = <T>(items: ReadonlyMap<number, T>, id: number, what: string): T => {
    const item = items.get(id);
    if (!item) throw new UsageError(`${name}: this ${what} was closed; make another one`);
    return item;
  };
  const runtime = (): Runtime => {
    if (!started) throw new UsageError(`${name}: expected the worker to be started first`);
    return started;
  };
  return {
    start: async (options) => {
      const { version, ...device } = await start(options);
      started = new Runtime({ name, ...device });
      return version;
    },
    load: async ({ session, program }) => {
      sessions.set(session, await runtime().load(program));
      return undefined;
    },
    run: async ({ session, feeds, store }) =>
      runtime().run(
        find(sessions, session, "session"),
        feeds,
        store === undefined ? undefined : find(stores, store, "store"),
      ),
    closeSession: async ({ session }) => {
      await sessions.get(session)?.release();
      sessions.delete(session);
      return undefined;
    },
    createStore: async ({ store, arrays }) => {
      const created = new HeldArrays();
      await runtime().write(created, arrays);
      stores.set(store, created);
      return undefined;
    },
    readStore: async ({ store, names }) => runtime().read(find(stores, store, "store"), names),
    writeStore: async ({ store, arrays }) => {
      await runtime().write(find(stores, store, "store"), arrays);
      return undefined;
    },
    closeStore: async ({ store }) => {
      await stores.get(store)?.clear();
      stores.delete(store);
      return undefined;
    },
    close: async () => {
      for (const store of stores.values()) await store.clear();
      for (const session of sessions.values()) await session.release();
      await started?.close();
      stores.clear();
      sessions.clear();
      return undefined;
    },
  };
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { kind: "other", message: String(error) };
  if (error instanceof ShapeError) return { kind: "shape", message: error.message };
  if (error instanceof UsageError) return { kind: "usage", message: error.message };
  return { kind: "other", message: error.message };
}
