import { build } from "esbuild";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";

const places = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The first browser found: `CHROMIUM` in the environment, or in a known place. */
export const executable = places.find((place) => place !== undefined && existsSync(place));

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
  close(): void;
}

/** Serves the test's page from this machine, bundled as users' bundlers do. */
export async function serveSite(): Promise<Site> {
  const folder = new URL("../../", import.meta.url);
  const path = (file: string): string => fileURLToPath(new URL(file, folder));
  const { outputFiles } = await build({
    entryPoints: {
      page: path("test/browser/page.js"),
      "web-worker": path("src/engine/web-worker.js"),
    },
    bundle: true,
    splitting: true,
    format: "esm",
    outdir: "/",
    write: false,
  });
  const scripts = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  const runtime = new URL(".", import.meta.resolve("onnxruntime-web"));
  const server = createServer(({ url = "/" }, response) => {
    const isWasm = /^\/[\w.-]+\.wasm$/.test(url);
    const type = isWasm ? "application/wasm" : scripts.has(url) ? "text/javascript" : "text/html";
    response.setHeader("Content-Type", type);
    if (url !== "/plain") {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    if (isWasm) response.end(readFileSync(new URL(url.slice(1), runtime)));
    else response.end(scripts.get(url) ?? "<!doctype html><title>iresnet</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    isolated: `${origin}/isolated`,
    plain: `${origin}/plain`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A fresh page of the site. */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}
