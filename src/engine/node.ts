import { availableParallelism } from "node:os";
import { UsageError } from "../errors.js";
import type { Target } from "../onnx/index.js";
import type { Arrays } from "../tree.js";
import type { Engine, Graph, Session, Store } from "./engine.js";
import { WorkerCalls } from "./node-calls.js";
import { fastestTarget } from "./probe.js";
import { toProgram } from "./program.js";

export interface NodeEngineOptions {
  /** Threads a run computes on; default as many as the machine offers. */
  readonly threads?: number;
  /**
   * `fastest` (the default) takes ONNX Runtime's internal blocked convolutions where a probe finds
   * them right; `portable` takes standard operators alone.
   */
  readonly lowering?: "fastest" | "portable";
}

/**
 * ONNX Runtime on the CPU, in a thread of its own: the calling thread stays free while graphs run.
 * The same inputs and number of threads give the same bits.
 *
 * @throws {UsageError} if `threads` isn't a whole number of at least 1.
 */
export async function nodeEngine({
  threads = availableParallelism(),
  lowering = "fastest",
}: NodeEngineOptions = {}): Promise<Engine> {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new UsageError(
      `nodeEngine: expected a whole number of threads, at least 1, got ${threads}`,
    );
  }
  const worker = new WorkerCalls(new URL("./node-worker.js", import.meta.url));
  try {
    const version = await worker.call("start", { threads });
    const engine = (target: Target): NodeEngine => {
      const count = `${threads} ${threads === 1 ? "thread" : "threads"}`;
      const kind = `${target} convolutions`;
      return new NodeEngine(worker, `onnxruntime-node ${version} cpu, ${count}, ${kind}`, target);
    };
    return engine(lowering === "portable" ? "portable" : await fastestTarget(engine));
  } catch (error) {
    await worker.close().catch(() => undefined);
    throw error;
  }
}

class NodeEngine implements Engine {
  readonly description: string;
  readonly #worker: WorkerCalls;
  readonly #target: Target;

  constructor(worker: WorkerCalls, description: string, target: Target) {
    this.#worker = worker;
    this.description = description;
    this.#target = target;
  }

  async load(graph: Graph): Promise<Session> {
    const program = toProgram(graph, { target: this.#target });
    const session = this.#worker.nextId();
    await this.#worker.call("load", { session, program });
    return new NodeSession(this.#worker, session, Object.keys(program.inputs));
  }

  async createStore(arrays: Arrays): Promise<Store> {
    const store = this.#worker.nextId();
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
