import type { Tensor } from "../graph/index.js";
import { sameShape, sizeOf } from "../tree.js";
import type { Blocks } from "./blocks.js";
import { sizes, type Sizes } from "./linear.js";
import type { Scope } from "./scope.js";

/** Filters of blocked convolutions: out and in blocks, taps, in, out. */
export class BlockedFilters {
  readonly #blocks: Blocks;

  constructor(blocks: Blocks) {
    this.#blocks = blocks;
  }

  /** The filter `[O, I, k, k]` of a convolution. */
  forward(scope: Scope, filter: Tensor): string {
    return this.#scaled(scope, filter, "blocked filter", (s, t) => {
      const [out, channels, kernel] = sizes(t);
      const swapped = s.transpose(s.nameOf(t), [1, 0, 2, 3]);
      return this.#pack(s, swapped, [channels, out, kernel, kernel], false);
    });
  }

  /** The filter of its adjoint: channels swapped, taps in reverse. */
  adjoint(scope: Scope, filter: Tensor): string {
    return this.#scaled(scope, filter, "blocked adjoint", (s, t) =>
      this.#pack(s, s.nameOf(t), sizes(t), true),
    );
  }

  /** An image batch `[B, C, H, W]` as a filter with B channels in, C out and H x W taps. */
  ofImages(scope: Scope, images: Tensor): string {
    return scope.derived(images, "blocked image filter", (s, t) => {
      const fillsBlocks = this.#blocks.has(s, t) && t.shape[0]! % this.#blocks.size === 0;
      return fillsBlocks
        ? this.#arrange(s, this.#blocks.of(s, t), sizes(t))
        : this.#pack(s, s.nameOf(t), sizes(t), false);
    });
  }

  /** The taps of an image `[B, C, H, W]` in blocks, in reverse. */
  reverseTaps(scope: Scope, blocks: string, [batch, channels, height, width]: Sizes): string {
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
    scope: Scope,
    filter: Tensor,
    what: string,
    make: (scope: Scope, filter: Tensor) => string,
  ): string {
    return scope.derived(filter, what, (s, t) => {
      const multiple = multipleOf(t);
      if (!multiple) return make(s, t);
      const packed = this.#scaled(s, multiple.filter, what, make);
      return s.emit(t.op === "div" ? "Div" : "Mul", [packed, s.nameOf(multiple.scale)]);
    });
  }

  /** `[in, out, h, w]` as a filter. */
  #pack(scope: Scope, rows: string, [inputs, ...rest]: Sizes, reversed: boolean): string {
    const padded = this.#blocks.padded(inputs);
    const full =
      padded === inputs
        ? rows
        : scope.emit("Pad", [rows, scope.ints([0, 0, 0, 0, padded - inputs, 0, 0, 0])]);
    const blocks = this.#blocks.fromRows(scope, full);
    const shape: Sizes = [padded, ...rest];
    return this.#arrange(scope, reversed ? this.reverseTaps(scope, blocks, shape) : blocks, shape);
  }

  #arrange(scope: Scope, blocks: string, [inputs, outputs, h, w]: Sizes): string {
    const { size } = this.#blocks;
    const padded = this.#blocks.padded(outputs);
    const split = scope.reshape(blocks, [inputs / size, size, padded / size, h * w, size]);
    return scope.reshape(scope.transpose(split, [2, 0, 3, 1, 4]), [padded, inputs, h, w]);
  }
}

/** A filter that is a scalar times another one, such as W / max(1, σ/c). */
function multipleOf(filter: Tensor): { filter: Tensor; scale: Tensor } | undefined {
  if (filter.op !== "mul" && filter.op !== "div") return undefined;
  const [a, b] = [filter.inputs[0]!, filter.inputs[1]!];
  const isScalar = ({ shape }: Tensor): boolean => sizeOf(shape) === 1;
  if (isScalar(b) && sameShape(a.shape, filter.shape)) return { filter: a, scale: b };
  if (filter.op === "mul" && isScalar(a) && sameShape(b.shape, filter.shape)) {
    return { filter: b, scale: a };
  }
  return undefined;
}

/** What the filter is a multiple of (itself, if of nothing), and the multiples of that. */
export function relatives(scope: Scope, filter: Tensor): readonly Tensor[] {
  const root = multipleOf(filter)?.filter ?? filter;
  const users = scope.model.users.get(root) ?? [];
  return [root, ...users.filter((user) => multipleOf(user)?.filter === root)];
}
