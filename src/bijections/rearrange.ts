import { expectParts } from "../border/parts.js";
import { ShapeError } from "../errors.js";
import {
  axisSize,
  constant,
  expectEvent,
  pad,
  reshape,
  slice,
  transpose,
  type Tensor,
} from "../graph/index.js";
import { sizeOf, type Shape } from "../tree.js";
import { mapped, type Bijection, type Mapped } from "./bijection.js";

/** A bijection that only moves elements: logDet = 0. */
function rearrangement(
  name: string,
  inShape: Shape,
  outShape: Shape,
  there: (x: Tensor) => Tensor,
  back: (y: Tensor) => Tensor,
): Bijection {
  const still = (value: Tensor): Mapped => mapped(value, () => constant(0, [axisSize(value, 0)]));
  return {
    inShape,
    outShape,
    forward: (x) => {
      expectEvent(x, inShape, `${name}: x`);
      return still(there(x));
    },
    inverse: (y) => {
      expectEvent(y, outShape, `${name}: y`);
      return still(back(y));
    },
  };
}

/**
 * Space to depth: each 2x2 patch becomes 4 channels, `[C, H, W]` to `[4C, H/2, W/2]`, channel
 * (2·row + column)·C + c holding the patch's element at that row and column.
 *
 * @param shape of an image, `[C, H, W]`
 * @see Dinh et al. 2017, section 3.6, https://arxiv.org/abs/1605.08803
 * @throws {ShapeError} if height or width is odd.
 */
export function squeeze(shape: readonly [number, number, number]): Bijection {
  expectParts("squeeze", { shape });
  const [c, h, w] = shape;
  if (h % 2 !== 0 || w % 2 !== 0) {
    throw new ShapeError(`squeeze: expected an even height and width, got ${h} x ${w}`);
  }
  return rearrangement(
    "squeeze",
    [c, h, w],
    [4 * c, h / 2, w / 2],
    (x) => {
      const b = axisSize(x, 0);
      const patches = transpose(reshape(x, [b, c, h / 2, 2, w / 2, 2]), [0, 3, 5, 1, 2, 4]);
      return reshape(patches, [b, 4 * c, h / 2, w / 2]);
    },
    (y) => {
      const b = axisSize(y, 0);
      const patches = transpose(reshape(y, [b, 2, 2, c, h / 2, w / 2]), [0, 3, 4, 1, 5, 2]);
      return reshape(patches, [b, c, h, w]);
    },
  );
}

/**
 * Each event as a vector, row-major.
 *
 * @param shape of an event, such as `[C, H, W]`
 */
export function flatten(shape: Shape): Bijection {
  expectParts("flatten", { shape });
  const size = sizeOf(shape);
  return rearrangement(
    "flatten",
    shape,
    [size],
    (x) => reshape(x, [axisSize(x, 0), size]),
    (y) => reshape(y, [axisSize(y, 0), ...shape]),
  );
}

/**
 * The elements of a vector at even places, then those at odd ones: its halves are then spread over
 * all of it.
 *
 * @param features D of an event
 */
export function evensFirst(features: number): Bijection {
  expectParts("evensFirst", { features });
  const evens = Math.ceil(features / 2);
  const isOdd = features % 2;
  return rearrangement(
    "evensFirst",
    [features],
    [features],
    (x) => {
      const b = axisSize(x, 0);
      const rows = transpose(reshape(pad(x, 1, 0, isOdd), [b, evens, 2]), [0, 2, 1]);
      return slice(reshape(rows, [b, 2 * evens]), 1, 0, features);
    },
    (y) => {
      const b = axisSize(y, 0);
      const columns = transpose(reshape(pad(y, 1, 0, isOdd), [b, 2, evens]), [0, 2, 1]);
      return slice(reshape(columns, [b, 2 * evens]), 1, 0, features);
    },
  );
}
