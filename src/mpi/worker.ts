import { parentPort } from "node:worker_threads";
import { openMpiLibrary, type MpiLibrary } from "./library.js";
import type { Numbers, Reply, Request } from "./messages.js";

let mpi: MpiLibrary | undefined;
/** The array that the last sum was taken of; the next one of its length is written there. */
let spare: Numbers = new Float32Array();

async function answer(request: Request): Promise<Reply> {
  switch (request.call) {
    case "open": {
      mpi = await openMpiLibrary(process.env);
      const { rank, size, name } = mpi;
      return { rank, size, name };
    }
    case "sum": {
      const { data } = request;
      const sum: Numbers = spare.length === data.length ? spare : new Float32Array(data.length);
      mpi!.allreduce(data, sum);
      spare = data;
      return { sum };
    }
    case "finalize":
      mpi!.finalize();
      return { done: true };
    case "abort":
      mpi?.abort(1);
      return { done: true };
  }
}

let last = Promise.resolve();
parentPort!.on("message", (request: Request) => {
  last = last.then(async () => {
    const reply = await answer(request).catch((error: unknown) => ({
      failure: error instanceof Error ? error.message : String(error),
    }));
    const own = "sum" in reply ? [reply.sum.buffer] : [];
    parentPort!.postMessage(reply, own);
  });
});
