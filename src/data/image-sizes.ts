import { expectArray } from "../border/arrays.js";
import { ShapeError } from "../errors.js";
import type { NDArray } from "../tree.js";

/**
 * B, C, H and W.
 * @throws {ShapeError} if the array hasn't four axes.
 */
export function imageSizes(x: NDArray): readonly [number, number, number, number] {
  const { shape } = expectArray(x, { where: "augment", name: "x" });
  const [b, c, h, w] = shape;
  if (shape.length !== 4) {
    throw new ShapeError(`augment: expected images [B, C, H, W], got [${shape}]; reshape them`);
  }
  return [b!, c!, h!, w!];
}
