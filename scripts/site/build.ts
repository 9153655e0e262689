import { build, type Metafile } from "esbuild";
import { copyWebAssets } from "iresnet/node";
import { cp, mkdir, readFile, rm, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const source = join(root, "site");

/** What the page's sources have besides code, copied as it is. */
const copied = ["index.html", "theme.css", "styles.css", "sections.css", "checkpoints", "pictures"];

/** The section that is in view when the page opens: its modules, and the files that it shows. */
const firstModules = ["site/sections/playground.ts", "site/work/playground.ts"];
const firstFiles = ["pictures/moons.json", "checkpoints/moons.safetensors"];

/** A part of what a browser loads before anyone does anything. */
export interface Load {
  readonly name: string;
  readonly bytes: number;
}

export interface BuiltSite {
  /** Without the runtime's WebAssembly. */
  readonly firstLoad: readonly Load[];
  /** The runtime's WebAssembly. */
  readonly wasm: Load;
}

/**
 * Builds the page as static files. Other files of the folder, such as `docs/`, stay.
 *
 * @param folder made if it isn't there
 * @throws {UsageError} if onnxruntime-web isn't installed.
 */
export async function buildSite(folder: string): Promise<BuiltSite> {
  await mkdir(folder, { recursive: true });
  for (const name of ["chunks", "iresnet", "pretrained", "source", ...copied]) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
  const assets = await copyWebAssets(join(folder, "iresnet"), { webgpu: true });
  await rm(join(folder, "iresnet", "iresnet.js")); // the page has the library in a bundle of its own
  const wasm = assets.find(({ path }) => path.endsWith("ort-wasm-simd-threaded.wasm"))!;
  await cp(join(root, "pretrained"), join(folder, "pretrained"), {
    recursive: true,
    filter: (path) => !path.endsWith(".md"),
  });
  for (const name of copied) await cp(join(source, name), join(folder, name), { recursive: true });
  await copySources(folder);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(source, "main.ts"), join(source, "lab.ts")],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: "es2022",
    outdir: folder,
    chunkNames: "chunks/[name]-[hash]",
    metafile: true,
    legalComments: "eof",
    define: { WASM_BYTES: String(wasm.bytes) },
  });
  const styles = ["theme.css", "styles.css", "sections.css"];
  const files = ["index.html", ...styles, "iresnet/worker.js", ...firstFiles];
  const others = files.map(async (name) => ({
    name,
    bytes: (await stat(join(folder, name))).size,
  }));
  return {
    firstLoad: [...scriptsLoaded(metafile, folder), ...(await Promise.all(others))],
    wasm: { name: basename(wasm.path), bytes: wasm.bytes },
  };
}

/** The files of the library that the page has links to, as text. */
async function copySources(folder: string): Promise<void> {
  const page = await readFile(join(source, "index.html"), "utf8");
  for (const [, path = ""] of page.matchAll(/href="source\/(src\/[\w./-]+)\.txt"/g)) {
    await cp(join(root, path), join(folder, "source", `${path}.txt`));
  }
}

/** Scripts that are loaded with the first section in view. */
function scriptsLoaded({ outputs }: Metafile, folder: string): Load[] {
  const loaded = new Map<string, Load>();
  const add = (path: string): void => {
    const output = outputs[path];
    if (!output || loaded.has(path)) return;
    loaded.set(path, { name: relative(folder, join(root, path)), bytes: output.bytes });
    for (const { path: next, kind } of output.imports) {
      const entry = outputs[next]?.entryPoint ?? "";
      if (kind === "import-statement" || firstModules.includes(entry)) add(next);
    }
  };
  for (const [path, { entryPoint }] of Object.entries(outputs)) {
    if (entryPoint === "site/main.ts" || entryPoint === "site/lab.ts") add(path);
  }
  return [...loaded.values()];
}
