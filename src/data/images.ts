import { DataError } from "../errors.js";
import { sizeOf, type NDArray } from "../tree.js";

/** Labelled images of one size. */
export interface ImageSet {
  /** `[count, C, H, W]`, row-major, 0 ... 255. */
  readonly pixels: Uint8Array;
  /** `[count]`, 0 ... classes − 1. */
  readonly labels: Uint8Array;
  readonly shape: ImageShape;
  readonly count: number;
  readonly classes: number;
}

/** `[C, H, W]`. */
export type ImageShape = readonly [channels: number, height: number, width: number];

/** The content of a file and the name that errors give it. */
export interface DataFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Images of a set as numbers. */
export interface ImageBatch {
  /** `[B, C, H, W]`, 0 ... 255. */
  readonly x: NDArray;
  /** `[B]` */
  readonly labels: Uint8Array;
}

/** start, start + 1, ... end − 1: indices for {@link subset} and {@link imageBatch}. */
export function range(start: number, end: number): Uint32Array {
  return new Uint32Array(Math.max(0, end - start)).map((_, i) => start + i);
}

/**
 * The images at these indices, in this order.
 * @throws {DataError} if there are none, or an index isn't in the set.
 */
export function subset(set: ImageSet, indices: ArrayLike<number>): ImageSet {
  const size = sizeOf(set.shape);
  const pixels = new Uint8Array(indices.length * size);
  const labels = gather(set, indices, "subset", (source, at) => {
    pixels.set(source, at * size);
  });
  return { ...set, pixels, labels, count: indices.length };
}

/**
 * The images at these indices as a batch.
 * @throws {DataError} if there are none, or an index isn't in the set.
 */
export function imageBatch(set: ImageSet, indices: ArrayLike<number>): ImageBatch {
  const size = sizeOf(set.shape);
  const data = new Float32Array(indices.length * size);
  const labels = gather(set, indices, "imageBatch", (source, at) => {
    data.set(source, at * size);
  });
  return { x: { shape: [indices.length, ...set.shape], data }, labels };
}

/**
 * 1 at each label's class, 0 elsewhere, `[B, classes]`.
 * @throws {DataError} if a label isn't a class.
 */
export function oneHot(labels: ArrayLike<number>, classes: number): NDArray {
  checkLabels(labels, classes, "oneHot");
  const data = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) data[i * classes + labels[i]!] = 1;
  return { shape: [labels.length, classes], data };
}

/** @throws {DataError} if a label isn't a whole number from 0 to classes − 1. */
export function checkLabels(labels: ArrayLike<number>, classes: number, where: string): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    throw new DataError(
      `${where}: expected labels from 0 to ${classes - 1}, got ${label} at index ${i}; ` +
        "check the file and the number of classes",
    );
  }
}

/** Hands each chosen image's pixels to `take` and returns the labels. */
function gather(
  set: ImageSet,
  indices: ArrayLike<number>,
  where: string,
  take: (pixels: Uint8Array, at: number) => void,
): Uint8Array {
  if (indices.length === 0) {
    throw new DataError(`${where}: expected at least one image, got none; choose more images`);
  }
  const size = sizeOf(set.shape);
  const labels = new Uint8Array(indices.length);
  for (let at = 0; at < indices.length; at++) {
    const i = indices[at]!;
    const label = set.labels[i];
    if (label === undefined) {
      throw new DataError(
        `${where}: expected indices from 0 to ${set.count - 1}, got ${i}; choose fewer images`,
      );
    }
    take(set.pixels.subarray(i * size, (i + 1) * size), at);
    labels[at] = label;
  }
  return labels;
}
