import { expectKind } from "../border/kinds.js";
import { DataError } from "../errors.js";
import type { DataFile } from "./data-file.js";
import type { Rows } from "./data-set.js";
import { expectLabels } from "./labels.js";

/**
 * Reads a pair of idx files, the format of MNIST: a big-endian header of a magic number and sizes,
 * then a byte for each pixel or label. Files must be unzipped already.
 *
 * @param classes how many there are; labels are 0…classes − 1
 * @returns x `[count, 1, H, W]`, the file's own bytes, and labels `[count]`
 * @throws {DataError} if a file is of another format, truncated, empty or too long, if the counts
 * differ, or if a label isn't a class.
 * @see http://yann.lecun.com/exdb/mnist/
 */
export function parseIdx(images: DataFile, labels: DataFile, classes: number): Rows {
  const pixels = parseArray(images, 3, "images");
  const marks = parseArray(labels, 1, "labels");
  const [count, height, width] = pixels.sizes as [number, number, number];
  if (marks.sizes[0] !== count) {
    throw new DataError(
      `${labels.name}: expected ${count} labels, one for each of the images of ${images.name}, ` +
        `got ${marks.sizes[0]}; take both files from one set`,
    );
  }
  expectLabels(marks.content, classes, labels.name);
  return {
    x: { shape: [count, 1, height, width], data: pixels.content },
    labels: Int32Array.from(marks.content),
  };
}

/** Bytes of a file that starts like this, by the sizes of its header; few where that isn't one. */
export function idxBytes(start: Uint8Array): number {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const axes = start.length >= 4 ? view.getUint32(0) - 0x800 : NaN;
  const headerSize = 4 * (1 + axes);
  if (!(axes >= 1 && axes <= 3 && start.length >= headerSize)) return 2 ** 20;
  let size = 1;
  for (let axis = 1; axis <= axes; axis++) size *= view.getUint32(4 * axis);
  return headerSize + size;
}

/** An array of unsigned bytes with as many axes as `axes`. */
function parseArray(
  file: DataFile,
  axes: 1 | 3,
  what: string,
): { sizes: readonly number[]; content: Uint8Array } {
  expectKind(file, "data file", "parseIdx");
  const { name, bytes } = file;
  const headerSize = 4 * (1 + axes);
  if (bytes.length < headerSize) {
    throw new DataError(
      `${name}: expected a header of ${headerSize} bytes, got ${bytes.length} bytes in all; ` +
        "the file is truncated: get it again",
    );
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, headerSize);
  const magic = 0x800 + axes;
  const found = header.getUint32(0);
  if (found !== magic) {
    throw new DataError(
      `${name}: expected the magic number ${hex(magic)} of idx ${what}, got ${hex(found)}; ` +
        "check that the file is what its name says",
    );
  }
  const sizes = Array.from({ length: axes }, (_, i) => header.getUint32(4 + 4 * i));
  const size = sizes.reduce((product, n) => product * n, 1);
  if (size === 0) {
    throw new DataError(
      `${name}: expected at least one of ${what}, got sizes ${sizes.join(" x ")}; ` +
        "get the file again",
    );
  }
  const expected = headerSize + size;
  if (bytes.length !== expected) {
    throw new DataError(
      `${name}: expected ${expected} bytes for ${sizes.join(" x ")} ${what}, ` +
        `got ${bytes.length}; ` +
        `the file is ${bytes.length < expected ? "truncated" : "too long"}: get it again`,
    );
  }
  return { sizes, content: bytes.subarray(headerSize) };
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, "0")}`;
}
