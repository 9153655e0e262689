import { expectKind } from "../border/kinds.js";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DataError } from "../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { imageSetName } from "./image-set-name.js";
import { sources, type Source } from "./published.js";
import { readTar } from "./tar.js";

export interface DownloadOptions {
  /** Stands in for the global fetch. */
  readonly fetch?: typeof fetch;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export interface DownloadProgress {
  readonly file: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes in all, if the server says so. */
  readonly total?: number;
}

/**
 * Downloads an image set to `folder/<name>`, where `loadSplit` finds it, and checks each file
 * against its published MD5. A file is replaced only by a whole and correct one.
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
  for (const [file, md5] of Object.entries(source.files)) {
    const bytes = await fetchFromAny(source.mirrors, file, md5, options);
    if (file.endsWith(".tar.gz")) await unpack(file, bytes, folder);
    else await writeFileAtomic(join(folder, file), bytes);
  }
}

async function fetchFromAny(
  mirrors: readonly string[],
  file: string,
  md5: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const mirror of mirrors) {
    const url = mirror + file;
    try {
      const bytes = await fetchFile(url, file, options);
      const found = createHash("md5").update(bytes).digest("hex");
      if (found === md5) return bytes;
      failures.push(`${url}: MD5 ${found} of ${bytes.length} bytes`);
    } catch (error) {
      failures.push(`${url}: ${reasonOf(error)}`);
    }
  }
  throw new DataError(
    `download: expected ${file} with MD5 ${md5}, got ${failures.join(", ")}; ` +
      "check the network and try again",
  );
}

async function fetchFile(
  url: string,
  file: string,
  { fetch: get = fetch, onProgress }: DownloadOptions,
): Promise<Uint8Array> {
  const response = await get(url);
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  const length = Number(response.headers.get("content-length"));
  const total = length > 0 ? { total: length } : {};
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    chunks.push(read.value);
    received += read.value.length;
    onProgress?.({ file, received, ...total });
  }
  return Buffer.concat(chunks);
}

/** Writes the data files of a gzipped tar archive. */
async function unpack(file: string, bytes: Uint8Array, folder: string): Promise<void> {
  const archive = { name: file, bytes: await promisify(gunzip)(bytes) };
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
