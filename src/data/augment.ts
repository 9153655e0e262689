import { expectKind } from "../border/kinds.js";
import { UsageError } from "../errors.js";
import type { Random } from "../random.js";
import { sizeOf, type NDArray } from "../tree.js";
import { cutout, drawCorners } from "./cutout.js";
import { alternatingFlips, drawFlips, flip, type Examples } from "./flip.js";
import { imageSizes } from "./image-sizes.js";
import { drawOffsets, translate } from "./translate.js";

/** How training examples are varied: numbers by `noise`, images by all others. */
export type Augmentation =
  | OneAugmentation
  /** One after another. */
  | { readonly kind: "several"; readonly of: readonly OneAugmentation[] };

/** One way to vary an example. */
export type OneAugmentation =
  | { readonly kind: "none" }
  | ({ readonly kind: "noise" } & NoiseRange)
  | ({ readonly kind: "affine" } & AffineRange)
  | ({ readonly kind: "crop" } & CropRange)
  /** Moved by up to `by` whole pixels along each axis; what comes in is reflected. */
  | { readonly kind: "translate"; readonly by: number }
  /** A square of `size` pixels a side, whose middle is anywhere in the image, becomes `value`. */
  | { readonly kind: "cutout"; readonly size: number; readonly value: number }
  /** Mirrored left to right: half of the images, or with `alternate` each one in every other epoch. */
  | { readonly kind: "flip"; readonly alternate: boolean };

export interface NoiseRange {
  /** Standard deviation of the normal noise added to each number, in the units of x. */
  readonly scale: number;
}

/** Largest changes either way; each image's are uniform between them. */
export interface AffineRange {
  /** Pixels, along each axis. */
  readonly shift: number;
  /** Radians. */
  readonly rotation: number;
  /** Fraction of the size, under 1. */
  readonly scale: number;
  /** Pixels to the side for each pixel down. */
  readonly shear: number;
}

export interface CropRange {
  /** Pixels of zeros added on each side before a window of the old size is cut out. */
  readonly pad: number;
  /** Whether half of the images are mirrored, left to right. */
  readonly flip: boolean;
}

/**
 * Examples, each varied at random. Noise takes any shape `[B, ...]`; the others take images
 * `[B, C, H, W]`, where what comes in from outside is 0, unless it is reflected.
 *
 * @param random decides everything but flips that alternate
 * @param examples decide those, and are needed for them alone
 * @param first place of the first example in its batch, where x is a part of one; what is drawn for
 * an example depends on its place
 * @throws {ShapeError} if x isn't `[B, C, H, W]` and has to be.
 * @throws {UsageError} if a range is negative, a scale isn't under 1, a number of pixels isn't whole
 * or is too large, or flips alternate without examples.
 */
export function augment(
  x: NDArray,
  augmentation: Augmentation,
  random: Random,
  examples?: Examples,
  first = 0,
): NDArray {
  expectKind(augmentation, "object", "augment");
  expectKind(random, "random", "augment");
  switch (augmentation.kind) {
    case "none":
      return x;
    case "noise":
      return addNoise(x, augmentation, random, first);
    case "affine":
      return warp(x, drawAffine(augmentation, imageSizes(x)[0], random, first));
    case "crop":
      return crop(x, drawCrops(augmentation, imageSizes(x)[0], random, first));
    case "translate":
      return translate(x, drawOffsets(augmentation.by, imageSizes(x)[0], random, first));
    case "cutout":
      return cutout(x, drawCorners(x, augmentation, random, first), augmentation);
    case "flip": {
      const count = imageSizes(x)[0];
      return flip(
        x,
        augmentation.alternate ? alternatingFlips(examples) : drawFlips(count, random, first),
      );
    }
    case "several":
      return augmentation.of.reduce(
        (images, part, i) => augment(images, part, random.split(i), examples, first),
        x,
      );
  }
}

/** Whether whole pixels stay whole, as a density of pixels needs them. */
export function keepsWhole(augmentation: Augmentation): boolean {
  switch (augmentation.kind) {
    case "affine":
    case "noise":
      return false;
    case "cutout":
      return Number.isInteger(augmentation.value);
    case "several":
      return augmentation.of.every(keepsWhole);
    default:
      return true;
  }
}

function addNoise(
  { shape, data }: NDArray,
  { scale }: NoiseRange,
  random: Random,
  first: number,
): NDArray {
  if (!(scale >= 0 && scale < Infinity)) {
    throw new UsageError(
      `augment: expected noise of a scale from 0 on, got ${scale}; choose another, such as 0.05`,
    );
  }
  const noise = random.normal(data.length, first * sizeOf(shape.slice(1)));
  return { shape, data: data.map((value, i) => value + scale * noise[i]!) };
}

/** An affine change of an image about its centre; right and down are positive. */
export interface Affine {
  /** Pixels. */
  readonly right: number;
  readonly down: number;
  /** Radians, from right towards down. */
  readonly rotation: number;
  /** 1 keeps the size. */
  readonly scale: number;
  /** Pixels to the right for each pixel down. */
  readonly shear: number;
}

/**
 * Changes image b of `[B, C, H, W]` by `changes[b]`: the pixel at p goes to
 * c + t + scale·R·S·(p − c), c the centre, t the shift, R the rotation, S the shear.
 * Bilinear; 0 comes in from outside.
 */
export function warp(x: NDArray, changes: readonly Affine[]): NDArray {
  const [, channels, height, width] = imageSizes(x);
  const stride = width + 2;
  const framed = new Float32Array((height + 2) * stride);
  const cx = (width - 1) / 2;
  const cy = (height - 1) / 2;
  const data = new Float32Array(x.data.length);
  for (const [b, { right, down, rotation, scale, shear }] of changes.entries()) {
    const cos = Math.cos(rotation) / scale;
    const sin = Math.sin(rotation) / scale;
    for (let c = 0; c < channels; c++) {
      const first = (b * channels + c) * height * width;
      // With a margin of zeros, and coordinates kept within it, no pixel has to be looked for.
      for (let row = 0; row < height; row++) {
        const from = first + row * width;
        framed.set(x.data.subarray(from, from + width), (row + 1) * stride + 1);
      }
      for (let row = 0; row < height; row++) {
        const dy = row - cy - down;
        for (let column = 0; column < width; column++) {
          const dx = column - cx - right;
          const v = cos * dy - sin * dx;
          const u = cos * dx + sin * dy - shear * v;
          const left = Math.floor(cx + u);
          const above = Math.floor(cy + v);
          const across = cx + u - left;
          const [x0, x1] = [within(left + 1, width + 1), within(left + 2, width + 1)];
          const y0 = within(above + 1, height + 1) * stride;
          const y1 = within(above + 2, height + 1) * stride;
          const top = mix(framed[y0 + x0]!, framed[y0 + x1]!, across);
          const bottom = mix(framed[y1 + x0]!, framed[y1 + x1]!, across);
          data[first + row * width + column] = mix(top, bottom, cy + v - above);
        }
      }
    }
  }
  return { shape: x.shape, data };
}

/** A window of an image's own size, moved, and mirrored if `flip`. */
export interface Crop {
  /** Whole pixels. */
  readonly right: number;
  readonly down: number;
  readonly flip: boolean;
}

/** Cuts window `crops[b]` out of image b of `[B, C, H, W]`; 0 comes in from outside. */
export function crop(x: NDArray, crops: readonly Crop[]): NDArray {
  const [, channels, height, width] = imageSizes(x);
  const data = new Float32Array(x.data.length);
  for (const [b, { right, down, flip }] of crops.entries()) {
    for (let c = 0; c < channels; c++) {
      const first = (b * channels + c) * height * width;
      for (let row = 0; row < height; row++) {
        if (row + down < 0 || row + down >= height) continue;
        for (let column = 0; column < width; column++) {
          const from = (flip ? width - 1 - column : column) + right;
          if (from < 0 || from >= width) continue;
          data[first + row * width + column] = x.data[first + (row + down) * width + from]!;
        }
      }
    }
  }
  return { shape: x.shape, data };
}

function drawAffine(range: AffineRange, count: number, random: Random, first: number): Affine[] {
  const { shift, rotation, scale, shear } = range;
  if (
    ![shift, rotation, scale, shear].every((most) => most >= 0 && most < Infinity) ||
    scale >= 1
  ) {
    throw new UsageError(
      "augment: expected a shift, rotation, scale and shear from 0 on, the scale under 1, " +
        `got ${shift}, ${rotation}, ${scale} and ${shear}; choose smaller changes`,
    );
  }
  const uniform = random.uniform(5 * count, 5 * first);
  return Array.from({ length: count }, (_, b) => {
    const draw = (k: number, most: number) => most * (2 * uniform[5 * b + k]! - 1);
    return {
      right: draw(0, shift),
      down: draw(1, shift),
      rotation: draw(2, rotation),
      scale: 1 + draw(3, scale),
      shear: draw(4, shear),
    };
  });
}

function drawCrops({ pad, flip }: CropRange, count: number, random: Random, first: number): Crop[] {
  if (!(Number.isInteger(pad) && pad >= 0)) {
    throw new UsageError(
      `augment: expected a pad of whole pixels, got ${pad}; choose another pad, such as 4`,
    );
  }
  const windows = random.split("window").integers(2 * count, 2 * pad + 1, 2 * first);
  const flips = random.split("flip").integers(count, 2, first);
  return Array.from({ length: count }, (_, b) => ({
    right: windows[2 * b]! - pad,
    down: windows[2 * b + 1]! - pad,
    flip: flip && flips[b] === 1,
  }));
}

function within(n: number, most: number): number {
  return n < 0 ? 0 : n > most ? most : n;
}

function mix(a: number, b: number, t: number): number {
  return a + t * (b - a);
}
