import { expectKind } from "../border/kinds.js";
import { DataError } from "../errors.js";
import type { NDArray } from "../tree.js";

/**
 * 1 at each label's class, 0 elsewhere, `[B, classes]`.
 *
 * @param labels `[N]`, whole numbers from 0 to classes − 1
 * @param classes K
 * @throws {DataError} if a label isn't a class.
 */
export function oneHot(labels: ArrayLike<number>, classes: number): NDArray {
  expectKind(labels, "list", "oneHot");
  expectLabels(labels, classes, "oneHot");
  const data = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) data[i * classes + labels[i]!] = 1;
  return { shape: [labels.length, classes], data };
}

/**
 * @param where names the array or the file in the message
 * @throws {DataError} naming the row, if a label isn't a whole number from 0 to classes − 1.
 */
export function expectLabels(labels: ArrayLike<number>, classes: number, where: string): void {
  for (let row = 0; row < labels.length; row++) {
    const label: unknown = labels[row];
    if (typeof label === "number" && Number.isInteger(label) && label >= 0 && label < classes) {
      continue;
    }
    const got = described(label);
    throw new DataError(
      `${where}: expected labels from 0 to ${classes - 1}, got ${got} in row ${row}; check the labels and the number of classes`,
      { name: "labels", rows: [row] },
    );
  }
}

function described(label: unknown): string {
  if (Array.isArray(label)) return `a list [${label}]`;
  return typeof label === "number" ? String(label) : `the ${typeof label} ${String(label)}`;
}
