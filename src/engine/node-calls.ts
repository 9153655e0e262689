import { Worker } from "node:worker_threads";
import { IresnetError, ShapeError, UsageError } from "../errors.js";
import type { CallName, Calls, Failure, Reply } from "./messages.js";

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Calls of the worker, answered in order. It keeps the process alive only while one is under way. */
export class WorkerCalls {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #named = 0;
  #ended: Error | undefined;

  constructor(script: URL) {
    // Without the process's own flags: `--input-type`, for one, is an error in a worker.
    this.#worker = new Worker(script, { execArgv: [] });
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
      this.#worker.postMessage({ id, call, request }); // throws if the request can't be copied
      this.#pending.set(id, { resolve: resolve as Pending["resolve"], reject });
      this.#worker.ref();
    });
  }

  /** An id for a session or a store, unique in this worker. */
  nextId(): number {
    return this.#named++;
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
