import { DataError } from "../errors.js";
import type { DataFile } from "./data-file.js";

const block = 512;

/**
 * The regular files of a tar archive (ustar), without their folders' names.
 *
 * @throws {DataError} if the archive is truncated or damaged.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, ustar Interchange Format
 */
export function* readTar({ name, bytes }: DataFile): Generator<DataFile> {
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0;) {
    const text = (start: number, length: number) =>
      new TextDecoder().decode(bytes.subarray(at + start, at + start + length)).split("\0")[0]!;
    const digits = text(124, 12).trim();
    const size = /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : NaN;
    const start = at + block;
    if (!(start + size <= bytes.length)) {
      throw new DataError(
        `${name}: expected ${size} bytes for ${text(0, 100)}, got ${bytes.length - start}; ` +
          "get the archive again",
      );
    }
    const type = text(156, 1);
    if (type === "0" || type === "") {
      yield { name: text(0, 100).split("/").at(-1)!, bytes: bytes.subarray(start, start + size) };
    }
    at = start + Math.ceil(size / block) * block;
  }
}
