import { IresnetError, ShapeError, UsageError } from "../errors.js";
import type { CallName, Calls, Failure, Reply, Request } from "./messages.js";

/** A thread that answers requests: a worker of Node or of a page. */
export interface Thread {
  /** @throws if the request can't be copied. */
  post(request: Request, transferred: readonly Transferable[]): void;
  /** Says whether a call is under way. */
  setBusy(isBusy: boolean): void;
  terminate(): Promise<void>;
}

/** What a thread tells of itself. */
export interface ThreadEvents {
  readonly replied: (reply: Reply) => void;
  /** It can't answer any more. */
  readonly ended: (error: Error) => void;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Calls of a worker, answered in order. */
export class WorkerCalls {
  readonly #name: string;
  readonly #thread: Thread;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #named = 0;
  #ended: Error | undefined;

  /** @param name of the engine, for messages */
  constructor(name: string, start: (events: ThreadEvents) => Thread) {
    this.#name = name;
    this.#thread = start({
      replied: (reply) => {
        this.#settle(reply);
      },
      ended: (error) => {
        this.#end(error);
      },
    });
  }

  /** @param transferred of the request, what is handed over rather than copied */
  call<K extends CallName>(
    call: K,
    request: Calls[K]["request"],
    ...transferred: readonly Transferable[]
  ): Promise<Calls[K]["result"]> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#calls++;
    return new Promise<Calls[K]["result"]>((resolve, reject) => {
      this.#thread.post({ id, call, request } as Request, transferred);
      this.#pending.set(id, { resolve: resolve as Pending["resolve"], reject });
      this.#thread.setBusy(true);
    });
  }

  /** Frees a session or a store; where the thread has ended, nothing of it is left. */
  async free<K extends "closeSession" | "closeStore">(
    call: K,
    request: Calls[K]["request"],
  ): Promise<void> {
    if (!this.#ended) await this.call(call, request);
  }

  /** An id for a session or a store, unique in this worker. */
  nextId(): number {
    return this.#named++;
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    const closed = this.call("close", {});
    this.#ended = new UsageError(`${this.#name}: the engine is closed; make another one`);
    await closed;
    await this.#thread.terminate();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#thread.setBusy(false);
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
