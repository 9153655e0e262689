import { closable } from "../closable.js";
import { UsageError } from "../errors.js";
import type { Target } from "../onnx/index.js";
import type { Arrays } from "../tree.js";
import type { Engine, Graph, Session, Store } from "./engine.js";
import { toProgram } from "./program.js";
import type { WorkerCalls } from "./worker-calls.js";

/** An engine whose sessions and stores live in a worker that has been started. */
export class WorkerEngine implements Engine {
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
    return workerSession(this.#worker, session, Object.keys(program.inputs));
  }

  async loadStages(stages: readonly Graph[], port: MessagePort): Promise<Session> {
    const programs = stages.map((graph) => toProgram(graph, { target: this.#target }));
    const session = this.#worker.nextId();
    await this.#worker.call("loadStages", { session, programs, port }, port);
    const inputs = programs.flatMap((program) => Object.keys(program.inputs));
    return workerSession(this.#worker, session, [...new Set(inputs)]);
  }

  async createStore(arrays: Arrays): Promise<Store> {
    const store = this.#worker.nextId();
    await this.#worker.call("createStore", { store, arrays });
    return new WorkerStore(this.#worker, store);
  }

  async close(): Promise<void> {
    await this.#worker.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class WorkerStore implements Store {
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

  close(): Promise<void> {
    return this.worker.free("closeStore", { store: this.id });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function workerSession(worker: WorkerCalls, id: number, inputs: readonly string[]): Session {
  return {
    inputs,
    run: async (feeds, store) => {
      if (store && !(store instanceof WorkerStore && store.worker === worker)) {
        throw new UsageError(
          "Session.run: expected a store of the session's own engine, got another's",
        );
      }
      const used = inputs.filter((name) => Object.hasOwn(feeds, name));
      return worker.call("run", {
        session: id,
        feeds: Object.fromEntries(used.map((name) => [name, feeds[name]!])),
        ...(store && { store: store.id }),
      });
    },
    ...closable(() => worker.free("closeSession", { session: id })),
  };
}
