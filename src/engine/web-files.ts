/** What a page needs in one folder: the worker, the library as one file, the runtime's WebAssembly by device. */
export const webFiles = {
  worker: "worker.js",
  library: "iresnet.js",
  wasm: ["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"],
  webgpu: ["ort-wasm-simd-threaded.asyncify.mjs", "ort-wasm-simd-threaded.asyncify.wasm"],
} as const;
