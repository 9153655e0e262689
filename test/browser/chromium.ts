import { build } from "esbuild";
import { copyWebAssets } from "iresnet/node";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";

/** The first of these files that exists. */
export const firstHere = (places: readonly (string | undefined)[]): string | undefined =>
  places.find((place) => place !== undefined && existsSync(place));

/** The first browser found: `CHROMIUM` in the environment, or in a known place. */
export const executable = firstHere([
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]);

const software = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** A browser that asks nobody but our server anything. */
export function launch({ hasWebGpu }: { readonly hasWebGpu: boolean }): Promise<Browser> {
  return chromium.launch({
    executablePath: executable!,
    args: [
      "--no-sandbox", // as root there is none
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...(hasWebGpu ? software : ["--disable-gpu"]),
    ],
  });
}

export interface Site {
  /** Cross-origin isolated, or not. */
  readonly isolated: string;
  readonly plain: string;
  /** Pages whose Content-Security-Policy forbids all workers. */
  readonly workerless: string;
  close(): void;
}

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Headers of what isn't served as an isolated page. */
const headers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/plain": {},
  "/workerless": { "Content-Security-Policy": "worker-src 'none'" },
  // A worker has a policy of its own.
  "/without-wasm/worker.js": { ...isolation, "Content-Security-Policy": "script-src 'self'" },
};

/** Folders like `/iresnet/`, each without one file, or with it under another policy. */
const without: Readonly<Record<string, string>> = {
  "/without-worker/": "worker.js",
  "/without-runtime/": "ort-wasm-simd-threaded.wasm",
  "/without-wasm/": "",
};

/**
 * Serves the test's page from this machine, bundled as users' bundlers do, beside the files of
 * `iresnet web-assets`. Any other path is a page, as many servers have it.
 */
export async function serveSite(): Promise<Site> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page.js", import.meta.url))],
    bundle: true,
    format: "esm",
    write: false,
  });
  const folder = await mkdtemp(join(tmpdir(), "iresnet-assets-"));
  const assets = await copyWebAssets(folder, { webgpu: true });
  const files = new Map(
    assets.flatMap(({ path }) => {
      const name = basename(path);
      const folders = Object.keys(without).filter((one) => without[one] !== name);
      return ["/iresnet/", ...folders].map((url) => [`${url}${name}`, path] as const);
    }),
  );
  const content = (url: string): readonly [type: string, content: Uint8Array | string] => {
    if (url === "/page.js") return ["text/javascript", outputFiles[0]!.contents];
    const file = files.get(url);
    if (file === undefined) return ["text/html", "<!doctype html><title>iresnet</title>"];
    return [url.endsWith(".wasm") ? "application/wasm" : "text/javascript", readFileSync(file)];
  };
  const server = createServer(({ url = "/" }, response) => {
    const isMissing = url.startsWith("/without-runtime/") && !files.has(url);
    const [type, body] = content(url);
    response.writeHead(isMissing ? 404 : 200, {
      "Content-Type": type,
      ...(headers[url] ?? isolation),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    isolated: `${origin}/isolated`,
    plain: `${origin}/plain`,
    workerless: `${origin}/workerless`,
    close: () => {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A fresh page of the site. */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}
