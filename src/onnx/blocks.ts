import type { Tensor } from "../graph/index.js";
import { sizes } from "./linear.js";
import { inBlocks } from "./lowering.js";
import type { Scope } from "./scope.js";

/** Operators of ONNX Runtime's CPU provider on channels stored in blocks; internal to it. */
export const nchwc = "com.microsoft.nchwc";

/** Images with `size` channels side by side in memory: `[B, C/size, H, W, size]`. */
export class Blocks {
  /** Channels of a block: 16 with AVX-512, 8 with AVX2. */
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  /** So many channels as whole blocks hold. */
  padded(channels: number): number {
    return Math.ceil(channels / this.size) * this.size;
  }

  /** Whether a value fills whole blocks, so that work on blocks is work on it. */
  fill({ shape }: Tensor): boolean {
    return shape.length === 4 && shape[1]! % this.size === 0;
  }

  /** The image in blocks; channels come in multiples of 4, and zeros fill the last block. */
  of(scope: Scope, image: Tensor): string {
    return scope.derived(image, inBlocks, (s, t) => this.fromRows(s, s.nameOf(t)));
  }

  /** Whether the image exists in blocks. */
  has(scope: Scope, image: Tensor): boolean {
    return this.fill(image) && scope.known(image, inBlocks) !== undefined;
  }

  /** Whether the image exists in blocks and nobody has wanted it otherwise. */
  hasOnly(scope: Scope, image: Tensor): boolean {
    return this.has(scope, image) && !scope.isNamed(image);
  }

  fromRows(scope: Scope, rows: string): string {
    return scope.emit("ReorderInput", [rows], { channels_last: 0 }, nchwc);
  }

  toRows(scope: Scope, blocks: string, channels: number): string {
    return scope.emit("ReorderOutput", [blocks], { channels, channels_last: 0 }, nchwc);
  }

  /** The image as a matrix `[B·H·W, C]`. */
  pixelRows(scope: Scope, image: Tensor): string {
    const [batch, channels, height, width] = sizes(image);
    return scope.derived(image, "pixel rows", (s, t) => {
      const attributes = { channels, channels_last: 1 };
      const last = s.emit("ReorderOutput", [this.of(s, t)], attributes, nchwc);
      return s.reshape(last, [batch * height * width, channels]);
    });
  }
}
