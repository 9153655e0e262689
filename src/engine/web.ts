import { expectOptions } from "../border/options.js";
import { IresnetError, UsageError } from "../errors.js";
import { input, neg } from "../graph/index.js";
import { version } from "../version.js";
import { fasterOf } from "./device-probe.js";
import type { Engine } from "./engine.js";
import type { Device, Reply } from "./messages.js";
import { expectEngineOptions, startEngine, threadCount } from "./start-engine.js";
import { webFiles } from "./web-files.js";
import { expectPage, runtimeFailure, workerFailure } from "./web-failures.js";
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
  /**
   * Folder of the worker and the runtime's files, which `npx iresnet web-assets` makes, of the page's
   * own origin; `iresnet/` beside the page unless given.
   */
  readonly assets?: string | URL;
}

const devices = ["wasm", "webgpu", "auto"] as const;

/**
 * ONNX Runtime in a worker of a page: the page stays responsive while graphs run. WebAssembly is
 * fetched and compiled before it returns. With WebGPU, stored arrays stay on the GPU between runs.
 *
 * @throws {UsageError} outside a page, if an option is unknown, there is no such device, `threads` isn't a
 * whole number of at least 1, or is above 1 in a page that isn't cross-origin isolated, or `assets` is of
 * another origin.
 * @throws {IresnetError} if `device` is `webgpu` and no adapter answers, or the worker or WebAssembly
 * doesn't start: a file that isn't there, a policy that forbids it.
 */
export async function webEngine(options: WebEngineOptions = {}): Promise<Engine> {
  expectOptions(options, ["device", "threads", "assets"], "webEngine");
  expectPage();
  const {
    device = "wasm",
    threads = globalThis.crossOriginIsolated ? globalThis.navigator.hardwareConcurrency : 1,
    assets = "iresnet/",
  } = options;
  expectEngineOptions("webEngine", { device, threads }, devices);
  if (threads > 1 && !globalThis.crossOriginIsolated) {
    throw new UsageError(
      `webEngine: expected 1 thread in a page that isn't cross-origin isolated, got ${threads}; serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp`,
    );
  }
  const folder = folderUrl(assets);
  const openWasm = (): Promise<Engine> => start("cpu", threads, folder);
  const openWebGpu = (): Promise<Engine> => start("webgpu", 1, folder);
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

/** @throws {UsageError} unless it is a folder of the page's own origin, where alone a worker may come from. */
function folderUrl(assets: string | URL): string {
  const base = typeof document === "undefined" ? location.href : document.baseURI;
  const url = URL.canParse(assets, base) ? new URL(assets, base) : undefined;
  if (url?.origin === location.origin) return url.href.replace(/\/?$/, "/");
  throw new UsageError(
    `webEngine: expected assets to be a folder of ${location.origin}, got ${String(assets)}; copy it there with npx iresnet web-assets`,
  );
}

async function findAdapter(): Promise<GPUAdapter | undefined> {
  const { gpu } = navigator as Partial<Navigator>; // absent where the page isn't secure
  return (await gpu?.requestAdapter()) ?? undefined;
}

function start(device: Device, threads: number, assets: string): Promise<Engine> {
  const worker = webCalls(assets);
  return startEngine(worker, { device, threads, page: { version, assets } }, async (runtime) => {
    const wasm = `wasm, ${threadCount(threads)}, portable convolutions`;
    const [what, target] =
      device === "webgpu" ? (["webgpu", "webgpu"] as const) : ([wasm, "portable"] as const);
    const engine = new WorkerEngine(worker, `onnxruntime-web ${runtime} ${what}`, target);
    try {
      // The first session fetches and compiles the runtime's WebAssembly.
      const first = { outputs: { y: neg(input("x", [1])) }, updates: {}, guard: [] };
      await (await engine.load(first)).close();
    } catch (cause) {
      const [, wasmFile] = device === "webgpu" ? webFiles.webgpu : webFiles.wasm;
      throw await runtimeFailure(`${assets}${wasmFile}`, device, cause);
    }
    return engine;
  });
}

function webCalls(assets: string): WorkerCalls {
  return new WorkerCalls("webEngine", ({ replied, ended }) => {
    const url = `${assets}${webFiles.worker}`;
    const worker = new Worker(url, { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      replied(data);
    });
    worker.addEventListener("error", ({ message }) => {
      worker.terminate();
      void workerFailure(url, message).then(ended);
    });
    return {
      post: (request, transferred) => {
        worker.postMessage(request, [...transferred]);
      },
      setBusy: () => undefined, // a page has no end to hold up
      terminate: () => {
        worker.terminate();
        return Promise.resolve();
      },
    };
  });
}
