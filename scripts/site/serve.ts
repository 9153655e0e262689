import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";

export interface ServeOptions {
  /** Whether pages are cross-origin isolated, so that WebAssembly has threads; not unless given. */
  readonly isolated?: boolean;
}

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
};

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** A server of a folder's files, and of nothing else. */
export function siteServer(folder: string, { isolated = false }: ServeOptions = {}): Server {
  const root = resolve(folder);
  return createServer((request, response) => {
    answer(root, request, response, isolated).catch(() => {
      response.destroy(); // the browser went away
    });
  });
}

async function answer(
  root: string,
  { url = "/", method = "GET", headers }: IncomingMessage,
  response: ServerResponse,
  isolated: boolean,
): Promise<void> {
  const refuse = (status: number, text: string): void => {
    response.writeHead(status, { "Content-Type": "text/plain" }).end(`${text}\n`);
  };
  if (method !== "GET" && method !== "HEAD") {
    refuse(405, `expected GET, got ${method}`);
    return;
  }
  const path = pathIn(root, url);
  const file = path === undefined ? undefined : await fileAt(path);
  if (!file) {
    refuse(404, `no file ${url}`);
    return;
  }
  if (path !== file.path && !/\/($|[?#])/.test(url)) {
    response.writeHead(301, { Location: url.replace(/(?=[?#]|$)/, "/") }).end(); // links are relative
    return;
  }
  const tag = `"${file.bytes}-${file.modified}"`;
  const shared = {
    "Cache-Control": "no-cache", // kept, and asked for again by its tag
    ETag: tag,
    ...(isolated && isolation),
  };
  if (headers["if-none-match"] === tag) {
    response.writeHead(304, shared).end();
    return;
  }
  response.writeHead(200, {
    "Content-Type": types[extname(file.path)] ?? "application/octet-stream",
    "Content-Length": file.bytes,
    ...shared,
  });
  if (method === "HEAD") response.end();
  else await pipeline(createReadStream(file.path), response);
}

/** The path that an address stands for; `undefined` where it would leave the folder. */
function pathIn(root: string, url: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(url.replace(/[?#].*$/s, ""));
  } catch {
    return undefined;
  }
  if (name.includes("\0")) return undefined;
  const path = resolve(join(root, name));
  return path === root || path.startsWith(root + sep) ? path : undefined;
}

/** A file, or a folder's `index.html`. */
async function fileAt(
  path: string,
): Promise<{ path: string; bytes: number; modified: number } | undefined> {
  for (const one of [path, join(path, "index.html")]) {
    const found = await stat(one).catch(() => undefined);
    if (found?.isFile()) return { path: one, bytes: found.size, modified: found.mtimeMs };
  }
  return undefined;
}
