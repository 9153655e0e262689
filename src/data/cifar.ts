import { expectKind } from "../border/kinds.js";
import { DataError } from "../errors.js";
import { sizeOf } from "../tree.js";
import type { DataFile } from "./data-file.js";
import type { Rows } from "./data-set.js";
import { expectLabels } from "./labels.js";

/** The binary layout of a CIFAR set: records of label bytes, then the pixels `[3, 32, 32]`. */
export interface CifarLayout {
  /** The last of them is the class; CIFAR-100 puts the superclass before it. */
  readonly labelBytes: number;
  readonly classes: number;
}

export const cifar10: CifarLayout = { labelBytes: 1, classes: 10 };
export const cifar100: CifarLayout = { labelBytes: 2, classes: 100 };

const shape = [3, 32, 32] as const;

/** Most bytes of a file: a published one holds 50,000 records at most. */
export const mostCifarBytes = 200_000 * (2 + 3 * 32 * 32);

/**
 * Reads binary CIFAR files one after the other into one set. A file may hold any number of records.
 *
 * @returns x `[count, 3, 32, 32]` in bytes, and labels `[count]`
 * @throws {DataError} if a file is empty or no whole number of records, or a label isn't a class.
 * @see Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html
 */
export function parseCifar(files: readonly DataFile[], layout: CifarLayout): Rows {
  expectKind(files, "list", "parseCifar");
  expectKind(layout, "object", "parseCifar");
  const { labelBytes, classes } = layout;
  const size = sizeOf(shape);
  const counts = files.map((file) => countRecords(file, labelBytes + size));
  const count = counts.reduce((total, n) => total + n, 0);
  const pixels = new Uint8Array(count * size);
  const labels = new Int32Array(count);
  let first = 0;
  files.forEach(({ name, bytes }, f) => {
    const end = first + counts[f]!;
    for (let i = first, at = labelBytes; i < end; i++, at += labelBytes + size) {
      labels[i] = bytes[at - 1]!;
      pixels.set(bytes.subarray(at, at + size), i * size);
    }
    expectLabels(labels.subarray(first, end), classes, name);
    first = end;
  });
  return { x: { shape: [count, ...shape], data: pixels }, labels };
}

function countRecords(file: DataFile, record: number): number {
  expectKind(file, "data file", "parseCifar");
  const { name, bytes } = file;
  const count = bytes.length / record;
  if (Number.isInteger(count) && count > 0) return count;
  throw new DataError(
    `${name}: expected records of ${record} bytes (10000 of them are ${10_000 * record} bytes), ` +
      `got ${bytes.length} bytes, ${count.toFixed(2)} records; ` +
      "the file is truncated or of another set: get it again",
  );
}
