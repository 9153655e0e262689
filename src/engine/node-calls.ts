import { Worker, type Transferable as Transferred } from "node:worker_threads";
import { IresnetError } from "../errors.js";
import type { Reply } from "./messages.js";
import { WorkerCalls } from "./worker-calls.js";

/** Calls of a worker thread of Node. It keeps the process alive only while one is under way. */
export function nodeCalls(script: URL): WorkerCalls {
  return new WorkerCalls("nodeEngine", ({ replied, ended }) => {
    // Without the process's own flags: `--input-type`, for one, is an error in a worker.
    const worker = new Worker(script, { execArgv: [] });
    worker.unref();
    worker.on("message", (reply: Reply) => {
      replied(reply);
    });
    worker.on("error", (cause) => {
      ended(new IresnetError(`nodeEngine: the worker failed: ${cause.message}`, { cause }));
    });
    worker.on("exit", () => {
      ended(new IresnetError("nodeEngine: the worker ended; make another engine"));
    });
    return {
      post: (request, transferred) => {
        worker.postMessage(request, transferred as readonly Transferred[]);
      },
      setBusy: (isBusy) => {
        if (isBusy) worker.ref();
        else worker.unref();
      },
      terminate: async () => {
        await worker.terminate();
      },
    };
  });
}
