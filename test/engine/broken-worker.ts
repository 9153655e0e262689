import { parentPort } from "node:worker_threads";
import type { Request } from "../../src/engine/messages.js";

// A worker that answers its start, throws when asked to run, and leaves at anything else.
parentPort?.on("message", ({ id, call }: Request) => {
  if (call === "start") parentPort?.postMessage({ id, result: "broken" });
  else if (call === "run") throw new Error("out of order");
  else process.exit(3);
});
