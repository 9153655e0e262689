import { parentPort } from "node:worker_threads";
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { sessionOptions } from "./node-session.js";
import { serve } from "./serve.js";

const receive = serve(
  "nodeEngine",
  ({ device, threads }) =>
    Promise.resolve({
      version: env.versions.node ?? env.versions.common,
      ort: { InferenceSession, Tensor },
      memory: device === "webgpu" ? "gpu-buffer" : "cpu",
      fillsGiven: true,
      session: { ...sessionOptions(threads), executionProviders: [device] },
    }),
  (message, transferred) => {
    parentPort?.postMessage(message, transferred);
  },
);
parentPort?.on("message", receive);
