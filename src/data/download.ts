import { expectKind } from "../border/kinds.js";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DataError } from "../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { imageSetName } from "./image-set-name.js";
import { sources, type Source } from "./published.js";
import { readTar } from "./tar.js";
import { mostBytes, unzip } from "./unzip.js";

export interface DownloadOptions {
  /** Stands in for the global fetch. */
  readonly fetch?: (url: string) => Promise<Response>;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export interface DownloadProgress {
  readonly file: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes in all, if the server says so. */
  readonly total?: number;
}

/** Most bytes of a file that is downloaded: CIFAR-10 has 170 million. */
const mostDownloaded = 2 ** 28;

/**
 * Downloads an image set to `folder/<name>`, where `openData` finds it, and checks each file
 * against its SHA-256. A file is replaced only by a whole and correct one. Connections are HTTPS,
 * by the proxy that the environment's HTTPS_PROXY names, unless NO_PROXY names the host.
 *
 * @returns the folder of the files
 * @throws {DataError} if the network fails, or a file isn't the published one.
 * @throws {FileError} if a file cannot be written.
 * @throws {UsageError} if there is no such set.
 */
export async function getData(
  name: string,
  folder: string,
  options: DownloadOptions = {},
): Promise<string> {
  expectKind(folder, "path", "getData");
  const known = imageSetName(name);
  const target = join(folder, known);
  await download(sources[known], target, options);
  return target;
}

/** Downloads the files of `source` to `folder` and unpacks archives, as {@link getData} does. */
export async function download(
  source: Source,
  folder: string,
  options: DownloadOptions,
): Promise<void> {
  for (const [file, sha256] of Object.entries(source.files)) {
    const bytes = await fetchFromAny(source.mirrors, file, sha256, options);
    if (file.endsWith(".tar.gz")) await unpack(file, bytes, folder);
    else await writeFileAtomic(join(folder, file), bytes);
  }
}

async function fetchFromAny(
  mirrors: readonly string[],
  file: string,
  sha256: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const mirror of mirrors) {
    const url = mirror + file;
    try {
      const bytes = await fetchFile(url, file, options);
      const found = createHash("sha256").update(bytes).digest("hex");
      if (found === sha256) return bytes;
      failures.push(`${url}: SHA-256 ${found} of ${bytes.length} bytes`);
    } catch (error) {
      failures.push(`${url}: ${reasonOf(error)}`);
    }
  }
  throw new DataError(
    `download: expected ${file} with SHA-256 ${sha256}, got ${failures.join(", ")}; ` +
      "check the network and try again",
  );
}

async function fetchFile(
  url: string,
  file: string,
  { fetch: get = proxied, onProgress }: DownloadOptions,
): Promise<Uint8Array> {
  expectSecure(url);
  const response = await get(url);
  expectSecure(response.url || url); // a redirection may have led elsewhere
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  const length = Number(response.headers.get("content-length"));
  const total = length > 0 ? { total: length } : {};
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    chunks.push(read.value);
    received += read.value.length;
    if (received > mostDownloaded) {
      await reader.cancel();
      throw new Error(`more than ${mostDownloaded} bytes`);
    }
    onProgress?.({ file, received, ...total });
  }
  return Buffer.concat(chunks);
}

function expectSecure(url: string): void {
  if (!url.startsWith("https:")) throw new Error(`expected an https address, got ${url}`);
}

/** As `fetch`, by the proxy of the environment. */
async function proxied(url: string): Promise<Response> {
  const { EnvHttpProxyAgent, fetch: get } = await import("undici");
  return (await get(url, { dispatcher: new EnvHttpProxyAgent() })) as unknown as Response;
}

/** Writes the data files of a gzipped tar archive. */
async function unpack(file: string, bytes: Uint8Array, folder: string): Promise<void> {
  const archive = await unzip({ name: file, bytes }, () => mostBytes);
  for (const member of readTar(archive)) {
    if (member.name.endsWith(".bin"))
      await writeFileAtomic(join(folder, member.name), member.bytes);
  }
}

/** Why it failed; fetch hides that in the cause. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error ? (error.cause ?? error) : error;
  return inner instanceof Error ? inner.message : String(inner);
}
