import { halfOf, MultiScale, type Bijection } from "../bijections/index.js";
import { UsageError } from "../errors.js";
import type { Shape } from "../tree.js";

/**
 * Scales of an image, each made for the half of the channels that the one before it leaves.
 * @throws {ShapeError} if an odd number of channels would have to be halved.
 */
export function multiScale(
  shape: Shape,
  count: number,
  makeScale: (shape: Shape, scale: number) => Bijection,
): MultiScale {
  const scales: Bijection[] = [];
  for (let i = 0; i < count; i++) {
    const before = scales.at(-1);
    scales.push(makeScale(before ? halfOf(before.outShape) : shape, i));
  }
  return new MultiScale(scales);
}

/**
 * The one width of the networks on images.
 * @throws {UsageError} if there isn't exactly one.
 */
export function hiddenChannels(widths: readonly number[], where: string): number {
  const [width] = widths;
  if (width !== undefined && widths.length === 1) return width;
  throw new UsageError(
    `${where}: expected one number of hidden channels for images, got [${widths}]`,
  );
}
