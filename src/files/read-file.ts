import { readFile, stat } from "node:fs/promises";
import type { Stats } from "node:fs";
import type { Bytes } from "../tree.js";
import { FileError } from "../errors.js";
import { readError } from "./file-errors.js";

export interface ReadOptions {
  /** What the file should be, for errors. */
  readonly expected: string;
  /** Most bytes it may have; 2 GiB, which is all that Node reads at once, unless given. */
  readonly most?: number;
}

const readable = 2 ** 31 - 1;

/**
 * All bytes of an ordinary file. A pipe or a device may have no end, so that it isn't even opened.
 *
 * @throws {FileError} if there is no such file, it is something else, too large, or can't be read.
 */
export async function readWholeFile(
  path: string,
  { expected, most = readable }: ReadOptions,
): Promise<Bytes> {
  const found = await stat(path).catch((error: unknown) => {
    throw readError(path, expected, error);
  });
  if (!found.isFile()) {
    throw new FileError(`${path}: expected ${expected}, got ${kindOf(found)}; name a file`);
  }
  if (found.size > most) {
    throw new FileError(
      `${path}: expected ${expected} of at most ${most} bytes, got ${found.size}; check that it is the right one`,
    );
  }
  const { buffer, byteOffset, byteLength } = await readFile(path).catch((error: unknown) => {
    throw readError(path, expected, error);
  });
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Text in UTF-8, as {@link readWholeFile} reads it. */
export async function readText(path: string, options: ReadOptions): Promise<string> {
  return new TextDecoder().decode(await readWholeFile(path, options));
}

/** What stands at a path, in words. */
export function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a named pipe";
  if (found.isSocket()) return "a socket";
  return found.isFile() ? "a file" : "a device";
}
