import { setTimeout as sleep } from "node:timers/promises";
import { Worker, type Transferable as Transferred } from "node:worker_threads";
import { closable, type Closable } from "../closable.js";
import type { Transport } from "../engine/index.js";
import { ownBuffer } from "../engine/sum-port.js";
import { IresnetError } from "../errors.js";
import type { Reply, Request } from "./messages.js";

/** The ranks of an MPI job, as this one sees them. */
export interface Mpi extends Transport, Closable {
  /** The name of the library, with its version. */
  readonly name: string;
  /**
   * Ends all ranks, whatever they are doing: with exit code 1, or by killing this one where its thread
   * waits in a sum. Not to be called once it is closed.
   */
  abort(): Promise<never>;
}

/** Milliseconds that an abort may take before the process ends itself. */
const patience = 1000;

/**
 * Joins the job that mpirun (Open MPI) or mpiexec (MPICH) started this process for. MPI is called in
 * a thread of its own, so that this one stays free while ranks wait for each other.
 *
 * Each step's sum is one MPI_Allreduce. The library decides in which order it adds: the same ranks,
 * library and machines give the same bits. Closing waits for all ranks.
 *
 * @throws {IresnetError} if the package koffi or an MPI library is missing, or isn't the launcher's.
 */
export async function openMpi(): Promise<Mpi> {
  const thread = new Thread();
  const opened = await thread.call({ call: "open" }).catch(async (error: unknown) => {
    await thread.end();
    throw error;
  });
  const { rank, size, name } = opened as Extract<Reply, { rank: number }>;
  return {
    rank,
    size,
    name,
    sum: async (data) => {
      const own = ownBuffer(data);
      const reply = await thread.call({ call: "sum", data: own }, own.buffer);
      return (reply as Extract<Reply, { sum: unknown }>).sum;
    },
    connect: async () => {
      const { port1, port2 } = new MessageChannel();
      await thread.call({ call: "connect", port: port1 }, port1);
      return port2;
    },
    abort: async () => {
      void thread.call({ call: "abort" }).catch(() => undefined);
      await sleep(patience);
      // The thread waits in a sum. Launchers end a job whose rank is killed.
      process.kill(process.pid, "SIGKILL");
      throw new IresnetError("mpi: aborted");
    },
    ...closable(async () => {
      await thread.call({ call: "finalize" });
      await thread.end();
    }),
  };
}

interface Pending {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** Calls of the thread, answered in order. */
class Thread {
  readonly #worker = new Worker(new URL("./worker.js", import.meta.url), { execArgv: [] });
  readonly #pending: Pending[] = [];

  constructor() {
    this.#worker.on("message", (reply: Reply) => {
      const pending = this.#pending.shift();
      if ("failure" in reply) pending?.reject(new IresnetError(reply.failure));
      else pending?.resolve(reply);
    });
    this.#worker.on("error", (cause) => {
      const error = new IresnetError(`mpi: its thread failed: ${cause.message}`, { cause });
      for (const { reject } of this.#pending.splice(0)) reject(error);
    });
  }

  call(request: Request, ...transferred: readonly Transferable[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#worker.postMessage(request, transferred as readonly Transferred[]);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
