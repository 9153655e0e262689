import { build } from "esbuild";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createProject } from "./project.js";

/** Bytes of all files below a folder. */
const sizeOf = (path: string): number =>
  statSync(path).isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
    : statSync(path).size;

const project = await createProject();
try {
  await project.write({
    "page.js":
      'export { fit, iResNetDensity } from "iresnet";\nexport { webEngine } from "iresnet/web";\n',
  });
  const { outputFiles } = await build({
    entryPoints: [join(project.folder, "page.js")],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  const [bundle] = outputFiles;
  const modules = join(project.folder, "node_modules");
  const own = join(modules, "iresnet");
  const worker = join(own, "dist/web/worker.js");
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
  const rows: readonly (readonly [string, number])[] = [
    ["tarball", project.tarball.bytes],
    ["installed, by itself", sizeOf(own)],
    ["installed, with all it brings", sizeOf(modules)],
    ["of that onnxruntime-node", sizeOf(join(modules, "onnxruntime-node"))],
    ["a page's bundle that trains a density", bundle!.contents.length],
    ["the same by gzip", gzipSync(bundle!.contents, { level: 9 }).length],
    ["the page's worker", statSync(worker).size],
  ];
  for (const [what, bytes] of rows)
    process.stdout.write(`${what.padEnd(40)} ${megabytes(bytes).padStart(10)}\n`);
} finally {
  await project.remove();
}
