import { UsageError } from "../errors.js";
import type { Random } from "../random.js";
import type { NDArray } from "../tree.js";
import { imageSizes } from "./image-sizes.js";

/** Which examples a batch holds, and when. */
export interface Examples {
  /** The place of each example in its set. */
  readonly indices: ArrayLike<number>;
  /** 0 at first. */
  readonly epoch: number;
  /** A key that stays the same throughout a run. */
  readonly random: Random;
}

/** Mirrors those images of `[B, C, H, W]` left to right whose `flips[b]` is true. */
export function flip(x: NDArray, flips: readonly boolean[]): NDArray {
  const [, channels, height, width] = imageSizes(x);
  const data = x.data.slice();
  for (const [b, isFlipped] of flips.entries()) {
    if (!isFlipped) continue;
    for (let row = b * channels * height; row < (b + 1) * channels * height; row++) {
      data.subarray(row * width, (row + 1) * width).reverse();
    }
  }
  return { shape: x.shape, data };
}

/** Fair coins, afresh for each batch. */
export function drawFlips(count: number, random: Random, first: number): boolean[] {
  return Array.from(random.integers(count, 2, first), (coin) => coin === 1);
}

/**
 * Whether each example is mirrored this time: a coin of its own decides in the first epoch, and in
 * each later one it is the other way round. Two epochs in a row hold every image both ways. The coin
 * is a function of the run's key and the example's index, so a resumed run goes on in turn.
 *
 * @see Jordan 2024, section 3.6, https://arxiv.org/abs/2404.00498
 * @throws {UsageError} without examples.
 */
export function alternatingFlips(examples: Examples | undefined): boolean[] {
  if (!examples) {
    throw new UsageError(
      "augment: expected the indices and the epoch of a batch whose flips alternate, got none; pass `examples`, or choose flips that don't alternate",
    );
  }
  const { indices, epoch, random } = examples;
  const coins = random.split("alternating flip");
  return Array.from(indices, (index) => (coins.split(index).integers(1, 2)[0]! + epoch) % 2 === 1);
}
