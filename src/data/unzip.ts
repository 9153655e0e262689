import { promisify } from "node:util";
import { constants, gunzip, gunzipSync } from "node:zlib";
import { DataError } from "../errors.js";
import type { DataFile } from "./data-file.js";

/** Most bytes of any file of a data set, unzipped. */
export const mostBytes = 2 ** 30;

/** Compressed bytes that the first unzipped ones are taken from. */
const peeked = 1024;

/**
 * A file unzipped, if it starts as gzip does, which none of the formats read here do.
 *
 * @param mostOf most bytes that it may unzip to, told by the first of them: a small file may hold
 *   gigabytes of zeros
 * @throws {DataError} if it holds more, or is truncated or damaged.
 */
export async function unzip(
  { name, bytes }: DataFile,
  mostOf: (start: Uint8Array) => number,
): Promise<DataFile> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { name, bytes };
  let most = mostBytes;
  try {
    const finishFlush = constants.Z_SYNC_FLUSH;
    most = Math.min(most, mostOf(gunzipSync(bytes.subarray(0, peeked), { finishFlush })));
    const content = await promisify(gunzip)(bytes, { maxOutputLength: most });
    return {
      name: `${name}, unzipped`,
      bytes: new Uint8Array(content.buffer, content.byteOffset, content.byteLength),
    };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    throw new DataError(`${name}: expected ${expectation(code, most)}; get the file again`, {
      cause: error,
    });
  }
}

function expectation(code: unknown, most: number): string {
  switch (code) {
    case "ERR_BUFFER_TOO_LARGE":
      return `at most ${most} bytes unzipped, got more`;
    case "Z_BUF_ERROR":
      return "a whole gzip file, got a truncated one";
    default:
      return `a gzip file, got damaged content (${String(code)})`;
  }
}
