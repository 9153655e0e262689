import { IresnetError, UsageError } from "../errors.js";
import { fasterOf } from "./device-probe.js";
import type { Engine } from "./engine.js";
import type { Reply, StartOptions } from "./messages.js";
import { expectEngineOptions, startEngine, threadCount } from "./start-engine.js";
import { WorkerCalls } from "./worker-calls.js";
import { WorkerEngine } from "./worker-engine.js";

export interface WebEngineOptions {
  /**
   * `wasm`, the CPU (the default), `webgpu`, or `auto`: WebGPU where the browser offers a hardware
   * adapter that computes what the CPU does and is faster in a short measurement.
   */
  readonly device?: (typeof devices)[number];
  /**
   * Threads a run computes on, on the CPU; default as many as the machine offers where the page is
   * cross-origin isolated, and 1 elsewhere.
   */
  readonly threads?: number;
  /** Folder of onnxruntime-web's .wasm files, with a `/` at its end; needed unless a bundler placed them. */
  readonly wasmPaths?: string;
}

const devices = ["wasm", "webgpu", "auto"] as const;

/**
 * ONNX Runtime in a worker of a page: the page stays responsive while graphs run. It needs the
 * package onnxruntime-web beside this one. With WebGPU, stored arrays stay on the GPU between runs.
 *
 * @throws {UsageError} if there is no such device, `threads` isn't a whole number of at least 1, or
 * is above 1 in a page that isn't cross-origin isolated.
 * @throws {IresnetError} if `device` is `webgpu` and no adapter answers.
 */
export async function webEngine({
  device = "wasm",
  threads = globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1,
  wasmPaths,
}: WebEngineOptions = {}): Promise<Engine> {
  expectEngineOptions("webEngine", { device, threads }, devices);
  if (threads > 1 && !globalThis.crossOriginIsolated) {
    throw new UsageError(
      `webEngine: expected 1 thread in a page that isn't cross-origin isolated, got ${threads}; serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp`,
    );
  }
  const paths = wasmPaths === undefined ? {} : { wasmPaths };
  const openWasm = (): Promise<Engine> => start({ device: "cpu", threads, ...paths });
  const openWebGpu = (): Promise<Engine> => start({ device: "webgpu", threads: 1, ...paths });
  if (device === "wasm") return openWasm();
  const adapter = await findAdapter();
  if (device === "webgpu") {
    if (adapter) return openWebGpu();
    throw new IresnetError(
      'webEngine: expected a WebGPU adapter, got none; take another browser, or device "wasm" or "auto"',
    );
  }
  const wasm = await openWasm();
  return adapter && !adapter.info.isFallbackAdapter ? fasterOf(wasm, openWebGpu) : wasm;
}

async function findAdapter(): Promise<GPUAdapter | undefined> {
  const { gpu } = navigator as Partial<Navigator>; // absent where the page isn't secure
  return (await gpu?.requestAdapter()) ?? undefined;
}

function start(options: StartOptions): Promise<Engine> {
  const { device, threads } = options;
  const worker = webCalls();
  return startEngine(worker, options, (version) => {
    const wasm = `wasm, ${threadCount(threads)}, portable convolutions`;
    const [what, target] =
      device === "webgpu" ? (["webgpu", "webgpu"] as const) : ([wasm, "portable"] as const);
    return new WorkerEngine(worker, `onnxruntime-web ${version} ${what}`, target);
  });
}

function webCalls(): WorkerCalls {
  return new WorkerCalls("webEngine", ({ replied, ended }) => {
    const worker = new Worker(new URL("./web-worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      replied(data);
    });
    worker.addEventListener("error", ({ message }) => {
      worker.terminate();
      ended(new IresnetError(`webEngine: the worker failed: ${message || "it can't be loaded"}`));
    });
    return {
      post: (request) => {
        worker.postMessage(request);
      },
      setBusy: () => undefined, // a page has no end to hold up
      terminate: () => {
        worker.terminate();
        return Promise.resolve();
      },
    };
  });
}
