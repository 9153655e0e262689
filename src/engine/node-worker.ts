import { parentPort } from "node:worker_threads";
import { IresnetError } from "../errors.js";
import type { StartOptions } from "./messages.js";
import { loadFailure } from "./native-failure.js";
import { sessionOptions } from "./node-session.js";
import { serve, type Started } from "./serve.js";

const receive = serve("nodeEngine", start, (message, transferred) => {
  parentPort?.postMessage(message, transferred);
});
parentPort?.on("message", receive);

async function start({ device, threads }: StartOptions): Promise<Started> {
  const { env, InferenceSession, Tensor } = await loadRuntime();
  return {
    version: env.versions.node ?? env.versions.common,
    ort: { InferenceSession, Tensor },
    memory: device === "webgpu" ? "gpu-buffer" : "cpu",
    fillsGiven: true,
    session: { ...sessionOptions(threads), executionProviders: [device] },
  };
}

async function loadRuntime(): Promise<typeof import("onnxruntime-node")> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    const { header } = process.report.getReport() as {
      readonly header: { readonly glibcVersionRuntime?: string };
    };
    throw new IresnetError(
      loadFailure({
        platform: `${process.platform}-${process.arch}`,
        glibc: header.glibcVersionRuntime,
        message: error instanceof Error ? error.message : String(error),
      }),
    );
  }
}
