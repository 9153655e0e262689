import { availableParallelism } from "node:os";
import { expectOneOf, expectOptions } from "../border/options.js";
import { IresnetError } from "../errors.js";
import { input, neg } from "../graph/index.js";
import type { Target } from "../onnx/index.js";
import { fasterOf } from "./device-probe.js";
import type { Engine } from "./engine.js";
import { nodeCalls } from "./node-calls.js";
import { fastestTarget } from "./probe.js";
import { expectEngineOptions, startEngine, threadCount } from "./start-engine.js";
import type { WorkerCalls } from "./worker-calls.js";
import { WorkerEngine } from "./worker-engine.js";

export interface NodeEngineOptions {
  /**
   * `cpu` (the default), `webgpu`, or `auto`: WebGPU where an adapter answers, computes what the CPU
   * does and is faster in a short measurement; a software adapter never is.
   */
  readonly device?: (typeof devices)[number];
  /** Threads a run computes on, on the CPU; default as many as the machine offers. */
  readonly threads?: number;
  /**
   * On the CPU, `fastest` (the default) takes ONNX Runtime's internal blocked convolutions where a
   * probe finds them right; `portable` takes standard operators alone.
   */
  readonly lowering?: (typeof lowerings)[number];
}

/** What `device` may be. */
export const devices = ["cpu", "webgpu", "auto"] as const;

const lowerings = ["fastest", "portable"] as const;

/**
 * ONNX Runtime in a thread of its own: the calling thread stays free while graphs run. On the CPU
 * the same inputs and number of threads give the same bits. With WebGPU, stored arrays stay on the
 * GPU between runs.
 *
 * @throws {UsageError} if an option is unknown, there is no such device or lowering, or `threads` isn't
 * a whole number of at least 1.
 * @throws {IresnetError} if `device` is `webgpu` and no adapter answers.
 */
export async function nodeEngine(options: NodeEngineOptions = {}): Promise<Engine> {
  expectOptions(options, ["device", "threads", "lowering"], "nodeEngine");
  const { device = "cpu", threads = availableParallelism(), lowering = "fastest" } = options;
  expectEngineOptions("nodeEngine", { device, threads }, devices);
  expectOneOf(lowering, lowerings, "nodeEngine: lowering");
  if (device === "webgpu") return openWebGpu();
  const cpu = await openCpu(threads, lowering);
  return device === "cpu" ? cpu : fasterOf(cpu, openWebGpu);
}

function openCpu(
  threads: number,
  lowering: NonNullable<NodeEngineOptions["lowering"]>,
): Promise<Engine> {
  const worker = openWorker();
  return startEngine(worker, { device: "cpu", threads }, async (version) => {
    const engine = (target: Target): Engine => {
      const how = `cpu, ${threadCount(threads)}, ${target} convolutions`;
      return new WorkerEngine(worker, `onnxruntime-node ${version} ${how}`, target);
    };
    return engine(lowering === "portable" ? "portable" : await fastestTarget(engine));
  });
}

function openWebGpu(): Promise<Engine> {
  const worker = openWorker();
  return startEngine(worker, { device: "webgpu", threads: 1 }, async (version) => {
    const engine = new WorkerEngine(worker, `onnxruntime-node ${version} webgpu`, "webgpu");
    try {
      // Its first session makes ONNX Runtime look for an adapter; the device lives as long as one does.
      await engine.load({ outputs: { y: neg(input("x", [1])) }, updates: {}, guard: [] });
    } catch (cause) {
      throw new IresnetError(
        'nodeEngine: expected a WebGPU adapter, got none that works; install a graphics driver (on Linux with Vulkan), or take device "cpu" or "auto"',
        { cause },
      );
    }
    return engine;
  });
}

const openWorker = (): WorkerCalls => nodeCalls(new URL("./node-worker.js", import.meta.url));
