import { expectOneOf } from "../border/options.js";
import { expectParts } from "../border/parts.js";
import { ShapeError } from "../errors.js";
import { literal, mul, pad, slice, type Tensor } from "../graph/index.js";
import type { Shape } from "../tree.js";

/** Which elements of an event a coupling keeps, and which it changes. */
export interface Mask {
  readonly shape: Shape;
  /** Channels of what {@link Mask.kept} gives. */
  readonly keptChannels: number;
  /** Channels of what {@link Mask.place} takes. */
  readonly changedChannels: number;
  /** The part of x that a network may see, `[B, keptChannels, ...]`: no changed element. */
  kept(x: Tensor): Tensor;
  /** Numbers for the changed elements, `[B, changedChannels, ...]`, where they belong; else 0. */
  place(changed: Tensor): Tensor;
}

/**
 * Keeps the first or the last half of the channels (or features); of an odd number the first half
 * has one fewer.
 *
 * @param shape of an event, `[D]` or `[C, H, W]`
 * @param keeps the half that stays as it is
 * @throws {ShapeError} if there are fewer than two.
 */
export function halvesMask(shape: Shape, keeps: "first" | "last"): Mask {
  expectParts("halvesMask", { shape });
  expectOneOf(keeps, ["first", "last"], "halvesMask: keeps");
  const channels = shape[0] ?? 0;
  if (channels < 2) {
    throw new ShapeError(
      `halvesMask: expected at least 2 channels or features, got [${shape}]; for one feature use i-ResNet, Residual Flow, FFJORD, or MADE with several components`,
    );
  }
  const middle = Math.floor(channels / 2);
  const rest = channels - middle;
  return keeps === "first"
    ? {
        shape,
        keptChannels: middle,
        changedChannels: rest,
        kept: (x) => slice(x, 1, 0, middle),
        place: (changed) => pad(changed, 1, middle, 0),
      }
    : {
        shape,
        keptChannels: rest,
        changedChannels: middle,
        kept: (x) => slice(x, 1, middle, channels),
        place: (changed) => pad(changed, 1, 0, rest),
      };
}

/**
 * Keeps every other pixel, as on a chessboard: those whose row + column is even, or odd. What the
 * network sees is 0 at the others.
 *
 * @param shape of an image, `[C, H, W]`
 * @param keeps the pixels that stay as they are
 * @see Dinh et al. 2017, section 3.4, figure 3, https://arxiv.org/abs/1605.08803
 * @throws {ShapeError} if this isn't the shape of an image of two pixels or more.
 */
export function checkerboardMask(shape: Shape, keeps: "even" | "odd"): Mask {
  expectParts("checkerboardMask", { shape });
  expectOneOf(keeps, ["even", "odd"], "checkerboardMask: keeps");
  const [channels, height, width] = shape;
  if (
    channels === undefined ||
    height === undefined ||
    width === undefined ||
    shape.length !== 3 ||
    height * width < 2
  ) {
    throw new ShapeError(
      `checkerboardMask: expected image shape [C, H, W] of at least 2 pixels, got [${shape}]; for one pixel use halvesMask`,
    );
  }
  const squares = (parity: 0 | 1): Tensor =>
    literal(
      Array.from({ length: height * width }, (_, i) =>
        (Math.floor(i / width) + (i % width)) % 2 === parity ? 1 : 0,
      ),
      [1, 1, height, width],
    );
  const [keptParity, changedParity] = keeps === "even" ? ([0, 1] as const) : ([1, 0] as const);
  return {
    shape,
    keptChannels: channels,
    changedChannels: channels,
    kept: (x) => mul(x, squares(keptParity)),
    place: (changed) => mul(changed, squares(changedParity)),
  };
}
