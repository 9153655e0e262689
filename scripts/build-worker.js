// Bundles what a page without a bundler needs, each into one file: the worker with ONNX Runtime's
// JavaScript, whose WebAssembly stays in files of its own beside it, and the library. The licences of
// what they hold come with them.
import { build } from "esbuild";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const options = {
  bundle: true,
  minify: true,
  format: "esm",
  metafile: true,
  legalComments: "eof",
};

const built = [
  await build({
    ...options,
    entryPoints: ["dist/engine/web-worker.js"],
    outfile: "dist/web/worker.js",
    conditions: ["onnxruntime-web-use-extern-wasm"],
  }),
  await build({
    ...options,
    stdin: {
      contents: 'export * from "./index.js";\nexport * from "./web.js";',
      resolveDir: "dist",
    },
    outfile: "dist/web/iresnet.js",
  }),
];

const inputs = built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
const folders = new Set(
  inputs.flatMap((path) => /^node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
);
const notices = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? "" : readFileSync(`${folder}/${file}`, "utf8").trim();
  return `${name} ${version}, ${license}\n\n${text}`;
});
const first = "worker.js and iresnet.js hold parts of these packages.";
writeFileSync("dist/web/notices.txt", `${[first, ...notices].join(`\n\n${"-".repeat(72)}\n\n`)}\n`);
