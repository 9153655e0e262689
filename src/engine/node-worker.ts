import { parentPort } from "node:worker_threads";
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { ShapeError, UsageError } from "../errors.js";
import type { Arrays, NDArray } from "../tree.js";
import type { CallName, Calls, Failure, Reply, Request } from "./messages.js";
import { sessionOptions } from "./node-session.js";
import {
  bindInputs,
  outputName,
  passesGuard,
  selectStored,
  updateName,
  type Program,
  type Signature,
} from "./program.js";

/** A session of ONNX Runtime and what it takes and gives. */
interface Loaded {
  readonly signature: Signature;
  readonly session: InferenceSession;
}

const sessions = new Map<number, Loaded>();
const stores = new Map<number, Map<string, NDArray>>();
let threads = 1;

type Handlers = {
  readonly [K in CallName]: (request: Calls[K]["request"]) => Promise<Calls[K]["result"]>;
};

const handlers: Handlers = {
  start: (request) => {
    threads = request.threads;
    return Promise.resolve(env.versions.node ?? env.versions.common);
  },
  load: async ({ session, program }) => {
    sessions.set(session, await load(program));
    return undefined;
  },
  run: async ({ session, feeds, store }) =>
    run(found(sessions, session, "session"), feeds, storeOf(store)),
  release: async ({ session }) => {
    await sessions.get(session)?.session.release();
    sessions.delete(session);
    return undefined;
  },
  createStore: ({ store, arrays }) => {
    stores.set(store, new Map(Object.entries(arrays)));
    return Promise.resolve(undefined);
  },
  readStore: async ({ store, names }) => Promise.resolve(selectStored(storeOf(store), names)),
  writeStore: async ({ store, arrays }) => {
    for (const [name, array] of Object.entries(arrays)) storeOf(store).set(name, array);
    return Promise.resolve(undefined);
  },
  disposeStore: ({ store }) => {
    stores.delete(store);
    return Promise.resolve(undefined);
  },
  close: async () => {
    for (const { session } of sessions.values()) await session.release();
    sessions.clear();
    stores.clear();
    return undefined;
  },
};

async function load({ bytes, ...signature }: Program): Promise<Loaded> {
  try {
    const session = await InferenceSession.create(bytes, sessionOptions(threads));
    return { signature, session };
  } catch (error) {
    throw runtimeError("loading", signature, error);
  }
}

async function run(
  { signature, session }: Loaded,
  feeds: Arrays,
  store: Map<string, NDArray> | undefined,
): Promise<Arrays> {
  const bound = bindInputs(signature, feeds, store);
  let results: InferenceSession.ReturnType;
  try {
    results = await session.run(
      Object.fromEntries(
        Object.entries(bound).map(([name, { data, shape }]) => [
          name,
          new Tensor("float32", data, shape),
        ]),
      ),
    );
  } catch (error) {
    throw runtimeError("running", signature, error);
  }
  const result = (name: string): NDArray => {
    const { data, dims } = results[name]!;
    return { data: data as Float32Array, shape: dims };
  };
  if (store && passesGuard(signature.guard, (name) => result(outputName(name)).data)) {
    for (const name of signature.updates) store.set(name, result(updateName(name)));
  }
  return Object.fromEntries(signature.outputs.map((name) => [name, result(outputName(name))]));
}

function storeOf(store: number): Map<string, NDArray>;
function storeOf(store: number | undefined): Map<string, NDArray> | undefined;
function storeOf(store: number | undefined): Map<string, NDArray> | undefined {
  return store === undefined ? undefined : found(stores, store, "store");
}

function found<T>(items: ReadonlyMap<number, T>, id: number, what: string): T {
  const item = items.get(id);
  if (!item) throw new UsageError(`nodeEngine: this ${what} was released; make another one`);
  return item;
}

function runtimeError(doing: string, { outputs, updates }: Signature, cause: unknown): Error {
  const names = [...outputs, ...updates.map((name) => `update of ${name}`)];
  const shown = names.length > 8 ? [...names.slice(0, 8), "..."] : names;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`nodeEngine: ${doing} the graph of [${shown.join(", ")}] failed: ${reason}`);
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { kind: "other", message: String(error) };
  if (error instanceof ShapeError) return { kind: "shape", message: error.message };
  if (error instanceof UsageError) return { kind: "usage", message: error.message };
  return { kind: "other", message: error.message };
}

async function answer({ id, call, request }: Request): Promise<void> {
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
}

function reply(message: Reply, transferred: readonly ArrayBuffer[]): void {
  parentPort?.postMessage(message, transferred);
}

let last = Promise.resolve();
parentPort?.on("message", (request: Request) => {
  last = last.then(() => answer(request));
});
