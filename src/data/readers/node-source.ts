import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { readError } from "../../files/file-errors.js";
import { kindOf } from "../../files/read-file.js";
import { FileError } from "../../errors.js";
import type { ByteSource } from "./source.js";

/**
 * A file of this machine, or standard input for `-`.
 *
 * @throws {FileError} if there is no such file, it is a folder, or it cannot be read.
 */
export async function fileSource(path: string): Promise<ByteSource> {
  if (path === "-") return { name: "standard input", stream: () => streamed("-", process.stdin) };
  const expected = "a file that can be read";
  const found = await stat(path).catch((error: unknown) => {
    throw readError(path, expected, error);
  });
  if (found.isDirectory()) {
    throw new FileError(`${path}: expected ${expected}, got a folder; name a file in it`);
  }
  if (!found.isFile() && !found.isFIFO()) {
    throw new FileError(`${path}: expected ${expected}, got ${kindOf(found)}; name a file`);
  }
  const stream = (): AsyncIterable<Uint8Array> =>
    streamed(path, createReadStream(path, { highWaterMark: 1 << 18 }));
  // A pipe has no size and no places to read from.
  if (!found.isFile()) return { name: path, stream };
  return {
    name: path,
    size: found.size,
    stream,
    slice: async (start, end) => {
      const file = await open(path).catch((error: unknown) => {
        throw readError(path, expected, error);
      });
      try {
        const bytes = new Uint8Array(end - start);
        let at = 0;
        while (at < bytes.length) {
          const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
        return bytes.subarray(0, at);
      } finally {
        await file.close();
      }
    },
  };
}

async function* streamed(
  path: string,
  stream: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  try {
    for await (const part of stream) yield typeof part === "string" ? encoder.encode(part) : part;
  } catch (error) {
    throw readError(path, "a file that can be read", error);
  }
}
