import { build } from "esbuild";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Engine } from "../../src/engine/engine.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What a module of the page's worker takes, in Node: files from the sources of the page. */
export function nodeBench(engine: Engine): {
  engine(): Promise<Engine>;
  asset(path: string): Promise<Uint8Array>;
} {
  return {
    engine: () => Promise.resolve(engine),
    asset: async (path) => new Uint8Array(await readFile(siteFile(path))),
  };
}

/** The path of a source of the page. */
export const siteFile = (path: string): string => join(root, "site", path);

/** A module of the page, such as `work/anderson.ts`, for Node. The library is that of this package. */
export async function siteModule<T>(path: string): Promise<T> {
  const folder = await mkdtemp(join(root, "build", "site-module-"));
  const outfile = join(folder, "module.mjs");
  try {
    await build({
      entryPoints: [siteFile(path)],
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      outfile,
    });
    return (await import(pathToFileURL(outfile).href)) as T;
  } finally {
    await rm(folder, { recursive: true });
  }
}
