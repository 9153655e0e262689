import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expectOptions } from "../border/options.js";
import { UsageError } from "../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { webFiles } from "./web-files.js";

export interface WebAssetsOptions {
  /** Whether the files for WebGPU come too, 27 MB more; not unless given. */
  readonly webgpu?: boolean;
}

/** A file that was copied. */
export interface WebAsset {
  readonly path: string;
  readonly bytes: number;
}

const require = createRequire(import.meta.url);

/**
 * Copies what `webEngine` needs into a folder that a page's server serves: this package's worker, and
 * the WebAssembly of onnxruntime-web beside it, 14 MB. The worker is one file that holds the runtime's
 * JavaScript, so no bundler needs to know of it; the library comes as one file too, for pages without a
 * bundler.
 *
 * @param folder made if it isn't there; what it holds of these files is replaced
 * @throws {UsageError} if onnxruntime-web isn't installed, or in another version than the worker's.
 * @throws {FileError} if a file can't be written.
 */
export async function copyWebAssets(
  folder: string,
  options: WebAssetsOptions = {},
): Promise<WebAsset[]> {
  expectOptions(options, ["webgpu"], "copyWebAssets");
  const { webgpu = false } = options;
  if (typeof folder !== "string" || folder === "") {
    throw new UsageError(`copyWebAssets: expected a folder's path, got "${folder}"`);
  }
  const runtime = await runtimeFolder();
  const own = fileURLToPath(new URL("../web/", import.meta.url));
  const names = [...webFiles.wasm, ...(webgpu ? webFiles.webgpu : [])];
  const files = [
    ...[webFiles.worker, webFiles.library].map((name) => ({ from: join(own, name), name })),
    ...names.map((name) => ({ from: join(runtime, name), name })),
  ];
  const copied: WebAsset[] = [];
  for (const { from, name } of files) {
    const content = await readFile(from);
    const path = join(folder, name);
    await writeFileAtomic(path, content);
    copied.push({ path, bytes: content.length });
  }
  return copied;
}

/** Where onnxruntime-web's files are. @throws {UsageError} unless its version is the worker's own. */
async function runtimeFolder(): Promise<string> {
  const { dependencies } = require("iresnet/package.json") as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const expected = dependencies["onnxruntime-common"];
  const remedy = `npm install onnxruntime-web@${expected}`;
  let folder: string;
  try {
    folder = dirname(require.resolve("onnxruntime-web"));
  } catch (cause) {
    throw new UsageError(
      `copyWebAssets: expected the package onnxruntime-web ${expected} beside iresnet, got none; ${remedy}`,
      { cause },
    );
  }
  const manifest = await readFile(join(folder, "../package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { readonly version: string };
  if (version === expected) return folder;
  throw new UsageError(
    `copyWebAssets: expected onnxruntime-web ${expected}, which iresnet's worker is built with, got ${version}; ${remedy}`,
  );
}
