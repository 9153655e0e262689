import { IresnetError, UsageError } from "../errors.js";
import type { Device } from "./messages.js";

/** @throws {UsageError} where there are no pages and their workers: in Node, Bun or Deno. */
export function expectPage(): void {
  if (typeof Worker !== "undefined" && typeof location !== "undefined") return;
  throw new UsageError(
    'webEngine: expected a page, or a worker of one, got neither; elsewhere take nodeEngine of "iresnet/node"',
  );
}

/** Why a page's worker can't be loaded; `message` is of the browser, which says nothing of most causes. */
export async function workerFailure(url: string, message: string): Promise<IresnetError> {
  const problem = await fetchProblem(url, "javascript");
  if (problem) return missing("its worker", url, problem);
  return new IresnetError(
    `webEngine: expected its worker to start, got ${message || "an error that the browser doesn't tell"}; a Content-Security-Policy of the page must have worker-src 'self' (${url})`,
  );
}

/** Why ONNX Runtime's WebAssembly doesn't start. */
export async function runtimeFailure(
  url: string,
  device: Device,
  cause: unknown,
): Promise<IresnetError> {
  const problem = await fetchProblem(url, "wasm");
  const option = device === "webgpu" ? " --webgpu" : "";
  if (problem) return missing("the runtime's WebAssembly", url, problem, option);
  const got = cause instanceof Error ? cause.message : String(cause);
  return new IresnetError(
    `webEngine: expected the runtime's WebAssembly to start, got ${got}; the browser must have WebAssembly with SIMD, and a Content-Security-Policy script-src 'wasm-unsafe-eval', for the worker's file too (${url})`,
    { cause },
  );
}

function missing(what: string, url: string, problem: string, option = ""): IresnetError {
  return new IresnetError(
    `webEngine: expected ${what} at ${url}, got ${problem}; npx iresnet web-assets FOLDER${option} puts it into a folder that your server serves, which the option assets names`,
  );
}

/** What is wrong with a file of a server's, if it can be seen. */
async function fetchProblem(url: string, type: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { method: "HEAD" });
    if (!response.ok) return `HTTP ${response.status}`;
    const got = response.headers.get("Content-Type") ?? "no type";
    return got.includes(type) ? undefined : `${got}, not ${type}`;
  } catch (error) {
    return `no answer (${error instanceof Error ? error.message : String(error)})`;
  }
}
