// Bundles what a page without a bundler needs, each into one file: the worker with ONNX Runtime's
// JavaScript, whose WebAssembly stays in files of its own beside it, and the library.
import { build } from "esbuild";

const options = { bundle: true, minify: true, format: "esm", legalComments: "eof" };

await build({
  ...options,
  entryPoints: ["dist/engine/web-worker.js"],
  outfile: "dist/web/worker.js",
  conditions: ["onnxruntime-web-use-extern-wasm"],
});
await build({
  ...options,
  stdin: { contents: 'export * from "./index.js";\nexport * from "./web.js";', resolveDir: "dist" },
  outfile: "dist/web/iresnet.js",
});
