import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { IresnetError, ShapeError, UsageError } from "../errors.js";
import type { Arrays } from "../tree.js";
import type { Engine, Graph, Session, Store } from "./engine.js";
import type { CallName, Calls, Failure, Reply } from "./messages.js";
import { toProgram } from "./program.js";

export interface NodeEngineOptions {
  /** Threads a run computes on; default as many as the machine offers. */
  readonly threads?: number;
}

/**
 * ONNX Runtime on the CPU, in a thread of its own: the calling thread stays free while graphs run.
 * The same inputs and number of threads give the same bits.
 *
 * @throws {UsageError} if `threads` isn't a whole number of at least 1.
 */
export async function nodeEngine({
  threads = availableParallelism(),
}: NodeEngineOptions = {}): Promise<Engine> {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new UsageError(
      `nodeEngine: expected a whole number of threads, at least 1, got ${threads}`,
    );
  }
  const worker = new WorkerCalls();
  const version = await worker.call("start", { threads });
  const description = `onnxruntime-node ${version} cpu, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return new NodeEngine(worker, description);
}

class NodeEngine implements Engine {
  readonly description: string;
  readonly #worker: WorkerCalls;
  #created = 0;

  constructor(worker: WorkerCalls, description: string) {
    this.#worker = worker;
    this.description = description;
  }

  async load(graph: Graph): Promise<Session> {
    const program = toProgram(graph);
    const session = this.#created++;
    await this.#worker.call("load", { session, program });
    return new NodeSession(this.#worker, session, Object.keys(program.inputs));
  }

  async createStore(arrays: Arrays): Promise<Store> {
    const store = this.#created++;
    await this.#worker.call("createStore", { store, arrays });
    return new NodeStore(this.#worker, store);
  }

  async close(): Promise<void> {
    await this.#worker.close();
  }
}

class NodeStore implements Store {
  readonly id: number;
  readonly worker: WorkerCalls;

  constructor(worker: WorkerCalls, id: number) {
    this.worker = worker;
    this.id = id;
  }

  read(names?: readonly string[]): Promise<Arrays> {
    return this.worker.call("readStore", { store: this.id, ...(names && { names }) });
  }

  async write(arrays: Arrays): Promise<void> {
    await this.worker.call("writeStore", { store: this.id, arrays });
  }

  async dispose(): Promise<void> {
    await this.worker.call("disposeStore", { store: this.id });
  }
}

class NodeSession implements Session {
  readonly inputs: readonly string[];
  readonly #worker: WorkerCalls;
  readonly #id: number;

  constructor(worker: WorkerCalls, id: number, inputs: readonly string[]) {
    this.#worker = worker;
    this.#id = id;
    this.inputs = inputs;
  }

  async run(feeds: Arrays, store?: Store): Promise<Arrays> {
    if (store && !(store instanceof NodeStore && store.worker === this.#worker)) {
      throw new UsageError(
        "Session.run: expected a store of the session's own engine, got another's",
      );
    }
    const used = this.inputs.filter((name) => Object.hasOwn(feeds, name));
    return this.#worker.call("run", {
      session: this.#id,
      feeds: Object.fromEntries(used.map((name) => [name, feeds[name]!])),
      ...(store && { store: store.id }),
    });
  }

  async release(): Promise<void> {
    await this.#worker.call("release", { session: this.#id });
  }
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Calls of the worker, answered in order. It keeps the process alive only while one is under way. */
class WorkerCalls {
  readonly #worker = new Worker(new URL("./node-worker.js", import.meta.url));
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #ended: Error | undefined;

  constructor() {
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => {
      this.#settle(reply);
    });
    this.#worker.on("error", (cause) => {
      this.#end(new IresnetError(`nodeEngine: the worker failed: ${cause.message}`, { cause }));
    });
    this.#worker.on("exit", () => {
      this.#end(new IresnetError("nodeEngine: the worker ended; make another engine"));
    });
  }

  call<K extends CallName>(call: K, request: Calls[K]["request"]): Promise<Calls[K]["result"]> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#calls++;
    return new Promise<Calls[K]["result"]>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending["resolve"], reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, call, request });
    });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    const closed = this.call("close", {});
    this.#ended = new UsageError("nodeEngine: the engine is closed; make another one");
    await closed;
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ("failure" in reply) pending?.reject(errorOf(reply.failure));
    else pending?.resolve(reply.result);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function errorOf({ kind, message }: Failure): Error {
  switch (kind) {
    case "shape":
      return new ShapeError(message);
    case "usage":
      return new UsageError(message);
    case "other":
      return new IresnetError(message);
  }
}
