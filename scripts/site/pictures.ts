// Draws the pictures that the page shows before its engine has started. Usage:
//   npm run build && tsc -p scripts/site && node build/scripts/site/pictures.js
import { build } from "esbuild";
import type { Engine } from "iresnet";
import { nodeEngine } from "iresnet/node";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const site = join(root, "site");

/** What computes the pictures: see `site/work/prerender.ts`. */
interface Work {
  readonly prerender: (bench: {
    engine(): Promise<Engine>;
    asset(path: string): Promise<Uint8Array>;
  }) => Promise<Record<string, string>>;
}

/** The page's own code for its pictures, for Node. */
async function pageWork(): Promise<Work> {
  const outfile = join(root, "build/site-work/prerender.mjs");
  await build({
    entryPoints: [join(site, "work/prerender.ts")],
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    outfile,
  });
  return (await import(pathToFileURL(outfile).href)) as Work;
}

const engine = await nodeEngine({ threads: 1 });
const { prerender } = await pageWork();
const files = await prerender({
  engine: () => Promise.resolve(engine),
  asset: async (path) => new Uint8Array(await readFile(join(site, path))),
});
await rm(join(site, "pictures"), { recursive: true, force: true });
await mkdir(join(site, "pictures"));
for (const [name, text] of Object.entries(files)) {
  await writeFile(join(site, "pictures", name), `${text}\n`);
  process.stdout.write(`${name} ${(text.length / 1e3).toFixed(0)} kB\n`);
}
await engine.close();
