import { parentPort } from "node:worker_threads";
import { openMpiLibrary, type MpiLibrary } from "./library.js";
import type { Owned } from "../engine/sum-port.js";
import type { Reply, Request } from "./messages.js";

let mpi: MpiLibrary | undefined;
/** The array that the last sum was taken of; the next one of its length is written there. */
let spare: Owned = new Float32Array();

async function answer(request: Request): Promise<Reply> {
  switch (request.call) {
    case "open": {
      mpi = await openMpiLibrary(process.env);
      const { rank, size, name } = mpi;
      return { rank, size, name };
    }
    case "sum":
      return { sum: sumOf(request.data) };
    case "connect":
      serveSums(request.port);
      return { done: true };
    case "finalize":
      mpi!.finalize();
      return { done: true };
    case "abort":
      mpi?.abort(1);
      return { done: true };
  }
}

function sumOf(data: Owned): Owned {
  const sum = spare.length === data.length ? spare : new Float32Array(data.length);
  mpi!.allreduce(data, sum);
  spare = data;
  return sum;
}

/** Answers each array that comes through a port with its sum. */
function serveSums(port: MessagePort): void {
  port.onmessage = ({ data }: MessageEvent<Owned>) => {
    try {
      const sum = sumOf(data);
      port.postMessage({ sum }, [sum.buffer]);
    } catch (error) {
      port.postMessage({ failure: messageOf(error) });
    }
  };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

let last = Promise.resolve();
parentPort!.on("message", (request: Request) => {
  last = last.then(async () => {
    const reply = await answer(request).catch((error: unknown) => ({
      failure: messageOf(error),
    }));
    const own = "sum" in reply ? [reply.sum.buffer] : [];
    parentPort!.postMessage(reply, own);
  });
});
