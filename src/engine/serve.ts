import { ShapeError, UsageError } from "../errors.js";
import type { Arrays } from "../tree.js";
import type { CallName, Calls, Failure, Reply, Request, StartOptions } from "./messages.js";
import type { Program } from "./program.js";
import { HeldArrays, Runtime, type RuntimeOptions } from "./runtime.js";
import { runStages } from "./stages.js";
import { sumThrough } from "./sum-port.js";

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
  const sessions = new Map<number, Loaded>();
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
      sessions.set(session, await loadStage(runtime(), program));
      return undefined;
    },
    loadStages: async ({ session, programs, port }) => {
      const stages: Loaded[] = [];
      for (const program of programs) stages.push(await loadStage(runtime(), program));
      const sum = sumThrough(port);
      sessions.set(session, {
        run: (feeds, store) =>
          runStages(
            stages.map((stage) => (given) => stage.run(given, store)),
            feeds,
            sum,
          ),
        release: async () => {
          port.close();
          for (const stage of stages) await stage.release();
        },
      });
      return undefined;
    },
    run: async ({ session, feeds, store }) =>
      find(sessions, session, "session").run(
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

/** What a session's number stands for. */
interface Loaded {
  run(feeds: Arrays, store: HeldArrays | undefined): Promise<Arrays>;
  release(): Promise<void>;
}

async function loadStage(runtime: Runtime, program: Program): Promise<Loaded> {
  const loaded = await runtime.load(program);
  return {
    run: (feeds, store) => runtime.run(loaded, feeds, store),
    release: () => loaded.release(),
  };
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { kind: "other", message: String(error) };
  if (error instanceof ShapeError) return { kind: "shape", message: error.message };
  if (error instanceof UsageError) return { kind: "usage", message: error.message };
  return { kind: "other", message: error.message };
}
