import { UsageError } from "../errors.js";
import { version } from "../version.js";
import type { Request, StartOptions } from "./messages.js";
import { serve, type Started } from "./serve.js";

const receive = serve("webEngine", start, (message, transfer) => {
  globalThis.postMessage(message, { transfer });
});
globalThis.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  receive(data);
});

async function start({ device, threads, page }: StartOptions): Promise<Started> {
  if (page?.version !== version) {
    throw new UsageError(
      `webEngine: expected the worker of iresnet ${page?.version}, got that of ${version}; run npx iresnet web-assets again`,
    );
  }
  const { env, InferenceSession, Tensor } =
    device === "webgpu"
      ? await import("onnxruntime-web/webgpu")
      : await import("onnxruntime-web/wasm");
  env.wasm.numThreads = threads;
  env.wasm.wasmPaths = page.assets;
  return {
    version: env.versions.web ?? env.versions.common,
    ort: { InferenceSession, Tensor },
    memory: device === "webgpu" ? "gpu-buffer" : "cpu",
    fillsGiven: false,
    session: {
      executionProviders: [device === "webgpu" ? "webgpu" : "wasm"],
      graphOptimizationLevel: "basic",
      logSeverityLevel: 3,
    },
  };
}
