// Bundles the worker of a page with ONNX Runtime's JavaScript into one file, which no bundler of a
// user's needs to know of. Its WebAssembly stays in files of its own, beside it.
import { build } from "esbuild";

await build({
  entryPoints: ["dist/engine/web-worker.js"],
  outfile: "dist/web/worker.js",
  bundle: true,
  minify: true,
  format: "esm",
  conditions: ["onnxruntime-web-use-extern-wasm"],
  legalComments: "eof",
});
