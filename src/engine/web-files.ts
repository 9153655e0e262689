/** Files that a page's engine needs in one folder: the worker, and the runtime's WebAssembly by device. */
export const webFiles = {
  worker: "worker.js",
  wasm: ["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"],
  webgpu: ["ort-wasm-simd-threaded.asyncify.mjs", "ort-wasm-simd-threaded.asyncify.wasm"],
} as const;
