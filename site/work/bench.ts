import type { Engine } from "iresnet";
import { webEngine } from "iresnet/web";
import { fetchBytes } from "../page-files.js";
import { once } from "./once.js";

/** Bytes of the runtime's WebAssembly, put in place when the page is built. */
declare const WASM_BYTES: number;

/** How the engine stands. */
export type EngineState =
  | { readonly kind: "idle" }
  | { readonly kind: "loading"; readonly bytes: number; readonly total: number }
  | { readonly kind: "ready"; readonly description: string }
  | { readonly kind: "failed"; readonly reason: string };

/** What a section's work in the worker has to work with. */
export interface Bench {
  /**
   * The engine, started when it is first asked for. `small` computes in WebAssembly on one thread: on
   * networks of the plane a GPU, or more threads, cost more than they save. `images` takes WebGPU where
   * the browser offers a hardware adapter that is faster, and all threads that the page may have.
   */
  engine(kind?: "small" | "images"): Promise<Engine>;
  /** A file of the page, by its path from the page's root. */
  asset(path: string): Promise<Uint8Array>;
}

const wasm = "iresnet/ort-wasm-simd-threaded.wasm";
const assets = new URL("iresnet/", self.location.href);

/** @param told how the engine stands, whenever that changes */
export function openBench(told: (state: EngineState) => void): Bench {
  const engines = new Map<"small" | "images", Promise<Engine>>();
  const startSmall = async (): Promise<Engine> => {
    try {
      await download((bytes) => {
        told({ kind: "loading", bytes, total: WASM_BYTES });
      });
      const engine = await webEngine({ assets, threads: 1 });
      told({ kind: "ready", description: engine.description });
      return engine;
    } catch (error) {
      told({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  };
  const openSmall = (): Promise<Engine> => once(engines, "small", startSmall);
  const startImages = async (): Promise<Engine> => {
    const first = await openSmall();
    if (!globalThis.crossOriginIsolated && !(await hasFastAdapter())) return first;
    return webEngine({ assets, device: "auto" });
  };
  return {
    engine: (kind = "small") =>
      kind === "small" ? openSmall() : once(engines, "images", startImages),
    asset: fetchBytes,
  };
}

/** Brings the runtime's WebAssembly into the browser's cache, where the engine finds it. */
async function download(told: (bytes: number) => void): Promise<void> {
  const response = await fetch(wasm);
  const reader = response.body?.getReader();
  if (!response.ok || !reader) return; // the engine says what is wrong
  let bytes = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    bytes += piece.value.length;
    told(bytes);
  }
}

async function hasFastAdapter(): Promise<boolean> {
  const { gpu } = navigator as Partial<Navigator>; // absent where the page isn't secure
  const adapter = await gpu?.requestAdapter();
  return adapter ? !adapter.info.isFallbackAdapter : false;
}
