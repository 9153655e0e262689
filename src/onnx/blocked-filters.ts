import type { Tensor } from "../graph/index.js";
import { nchwc, type Blocks } from "./blocks.js";
import { rootOf, scaledAs } from "./filters.js";
import { adjointFilter } from "./linear.js";
import { sizes, type Sizes } from "./sizes.js";
import type { GraphScope } from "./scope.js";

/**
 * Filters of blocked convolutions: `[O/size, I/size, taps, size, size]`, out and in blocks first,
 * in shape `[O, I, k, k]`.
 */
export class BlockedFilters {
  readonly #blocks: Blocks;

  constructor(blocks: Blocks) {
    this.#blocks = blocks;
  }

  /** The filter of a convolution, or of its adjoint: channels swapped, taps in reverse. */
  ofBlocks(scope: GraphScope, filter: Tensor, isAdjoint: boolean): string {
    const { outputs, inputs, kernel } = ends(filter, isAdjoint);
    const pack = (s: GraphScope, t: Tensor): string => {
      if (!isAdjoint) return this.#forward(s, t);
      return kernel === 1 ? this.#adjointMatrix(s, t) : this.#pack(s, s.nameOf(t), sizes(t), true);
    };
    const packed = this.#scaled(scope, filter, `packed ${kind(isAdjoint)}`, pack);
    return this.#asFilter(scope, packed, [outputs, inputs, kernel, kernel]);
  }

  /**
   * The filter of a convolution, or of its adjoint, for images in rows: so few channels that they don't
   * fill a block needn't be padded to one.
   */
  ofRows(scope: GraphScope, filter: Tensor, isAdjoint: boolean): string {
    const { size } = this.#blocks;
    const { outputs, inputs, kernel } = ends(filter, isAdjoint);
    const [padded, taps] = [this.#blocks.padded(outputs), kernel * kernel];
    const packed = this.#scaled(scope, filter, `packed ${kind(isAdjoint)} of rows`, (s, t) => {
      const rows = isAdjoint ? adjointFilter(s, t) : s.nameOf(t);
      const extra = [0, 0, 0, 0, padded - outputs, 0, 0, 0];
      const whole = padded === outputs ? rows : s.emit("Pad", [rows, s.ints(extra)]);
      const split = s.reshape(whole, [padded / size, size, inputs * taps]);
      return s.transpose(split, [0, 2, 1]);
    });
    return scope.reshape(packed, [padded, inputs, kernel, kernel]);
  }

  /**
   * The filter of a convolution, or of its adjoint, as one of a single tap, whose channels out are a
   * channel's taps, channel by channel, up to whole blocks: where in the result each adds to.
   */
  ofTaps(scope: GraphScope, filter: Tensor, isAdjoint: boolean): string {
    const { size } = this.#blocks;
    const { outputs, inputs, kernel } = ends(filter, isAdjoint);
    const count = outputs * kernel * kernel;
    const padded = this.#blocks.padded(count);
    const packed = this.#scaled(scope, filter, `packed ${kind(isAdjoint)} by taps`, (s, t) => {
      const rows = isAdjoint ? s.nameOf(t) : adjointFilter(s, t);
      const matrix = s.reshape(rows, [inputs, count]);
      const extra = [0, 0, 0, padded - count];
      const whole = padded === count ? matrix : s.emit("Pad", [matrix, s.ints(extra)]);
      const split = s.reshape(whole, [inputs / size, size, padded / size, size]);
      return s.transpose(split, [2, 0, 1, 3]);
    });
    return this.#asFilter(scope, packed, [padded, inputs, 1, 1]);
  }

  /** An image batch `[B, C, H, W]` as a filter with B channels in, C out and H x W taps. */
  ofImages(scope: GraphScope, images: Tensor): string {
    return scope.derived(images, "blocked image filter", (s, t) => {
      const fillsBlocks = this.#blocks.has(s, t) && t.shape[0]! % this.#blocks.size === 0;
      const packed = fillsBlocks
        ? this.#arrangeImages(s, t)
        : this.#pack(s, s.nameOf(t), sizes(t), false);
      const [batch, channels, height, width] = sizes(t);
      return this.#asFilter(s, packed, [channels, batch, height, width]);
    });
  }

  /** An image batch in blocks as a filter of one tap, with B·H·W channels in and C out. */
  ofPixels(scope: GraphScope, images: Tensor): string {
    return scope.derived(images, "blocked pixel filter", (s, t) => {
      const { size } = this.#blocks;
      const [batch, channels, height, width] = sizes(t);
      const lines = [batch, channels / size, height * width * size];
      const sorted = s.transpose(s.reshape(this.#blocks.of(s, t), lines), [1, 0, 2]);
      return this.#asFilter(s, sorted, [channels, batch * height * width, 1, 1]);
    });
  }

  /** The taps of an image `[B, C, H, W]` in blocks, in reverse. */
  reverseTaps(scope: GraphScope, blocks: string, [batch, channels, height, width]: Sizes): string {
    const { size } = this.#blocks;
    const taps = height * width;
    const rows = scope.reshape(blocks, [
      (batch * this.#blocks.padded(channels)) / size,
      taps,
      size,
    ]);
    const order = Array.from({ length: taps }, (_, tap) => taps - 1 - tap);
    const reversed = scope.emit("Gather", [rows, scope.ints(order)], { axis: 1 });
    return scope.reshape(reversed, [batch, this.#blocks.padded(channels), height, width]);
  }

  /** A multiple of a filter is the multiple of the packed filter, which others share. */
  #scaled(
    scope: GraphScope,
    filter: Tensor,
    what: string,
    make: (scope: GraphScope, filter: Tensor) => string,
  ): string {
    return scope.derived(filter, what, (s, t) => {
      const root = rootOf(t);
      return root === t ? make(s, t) : scaledAs(s, t, this.#scaled(s, root, what, make));
    });
  }

  /** Transposed as a matrix of taps first, which moves it in long runs. */
  #forward(scope: GraphScope, filter: Tensor): string {
    const { size } = this.#blocks;
    const [out, channels, kernel] = sizes(filter);
    const [rows, columns] = [this.#blocks.padded(out), this.#blocks.padded(channels)];
    const taps = kernel * kernel;
    const matrix = scope.reshape(this.#whole(scope, filter), [rows, columns * taps]);
    const turned = scope.transpose(matrix, [1, 0]);
    const split = scope.reshape(turned, [columns / size, size, taps, rows / size, size]);
    return scope.transpose(split, [3, 0, 2, 1, 4]);
  }

  #adjointMatrix(scope: GraphScope, filter: Tensor): string {
    const { size } = this.#blocks;
    const [out, channels] = sizes(filter);
    const [rows, columns] = [this.#blocks.padded(out), this.#blocks.padded(channels)];
    const split = scope.reshape(this.#whole(scope, filter), [
      rows / size,
      size,
      columns / size,
      1,
      size,
    ]);
    return scope.transpose(split, [2, 0, 3, 1, 4]);
  }

  /** The filter with zeros up to whole blocks on both sides. */
  #whole(scope: GraphScope, filter: Tensor): string {
    const [out, channels] = sizes(filter);
    const extra = [this.#blocks.padded(out) - out, this.#blocks.padded(channels) - channels];
    const name = scope.nameOf(filter);
    if (extra.every((n) => n === 0)) return name;
    return scope.emit("Pad", [name, scope.ints([0, 0, 0, 0, ...extra, 0, 0])]);
  }

  /** `[in, out, h, w]`, packed. */
  #pack(scope: GraphScope, rows: string, [inputs, ...rest]: Sizes, reversed: boolean): string {
    const padded = this.#blocks.padded(inputs);
    const full =
      padded === inputs
        ? rows
        : scope.emit("Pad", [rows, scope.ints([0, 0, 0, 0, padded - inputs, 0, 0, 0])]);
    const blocks = this.#blocks.pack(scope, full);
    const shape: Sizes = [padded, ...rest];
    return this.#arrange(scope, reversed ? this.reverseTaps(scope, blocks, shape) : blocks, shape);
  }

  #arrange(scope: GraphScope, blocks: string, [inputs, outputs, h, w]: Sizes): string {
    const { size } = this.#blocks;
    const padded = this.#blocks.padded(outputs);
    const split = scope.reshape(blocks, [inputs / size, size, padded / size, h * w, size]);
    return scope.transpose(split, [2, 0, 3, 1, 4]);
  }

  /**
   * What `#arrange` does, of images that fill whole blocks. A reorder does it in parallel: with the
   * blocks of a pixel as channels, and the images of a block as pixels.
   */
  #arrangeImages(scope: GraphScope, images: Tensor): string {
    const { size } = this.#blocks;
    const [batch, channels, height, width] = sizes(images);
    const lines = [batch / size, size, 1, channels * height * width];
    const name = scope.reshape(this.#blocks.of(scope, images), lines);
    const turned = scope.emit("ReorderInput", [name], { channels_last: 1 }, nchwc);
    const run = height * width * size * size;
    const split = scope.reshape(turned, [batch / size, channels / size, run]);
    return scope.transpose(split, [1, 0, 2]);
  }

  #asFilter(scope: GraphScope, packed: string, [outputs, inputs, h, w]: Sizes): string {
    return scope.reshape(packed, [this.#blocks.padded(outputs), this.#blocks.padded(inputs), h, w]);
  }
}

const kind = (isAdjoint: boolean): string => (isAdjoint ? "adjoint" : "filter");

/** Channels at both ends of the convolution that a filter stands for, or of its adjoint. */
function ends(
  filter: Tensor,
  isAdjoint: boolean,
): { readonly outputs: number; readonly inputs: number; readonly kernel: number } {
  const [out, channels, kernel] = sizes(filter);
  return isAdjoint
    ? { outputs: channels, inputs: out, kernel }
    : { outputs: out, inputs: channels, kernel };
}
