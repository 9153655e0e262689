import { build } from "esbuild";
import { fileURLToPath } from "node:url";

/** A module of the page's that needs no page, such as `work/digit-image.ts`. */
export async function importSite<Module>(path: string): Promise<Module> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../../../site/${path}`, import.meta.url))],
    bundle: true,
    format: "esm",
    write: false,
  });
  const code = Buffer.from(outputFiles[0]!.contents).toString("base64");
  return (await import(`data:text/javascript;base64,${code}`)) as Module;
}
