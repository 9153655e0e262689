import type { Tensor } from "../graph/index.js";
import { ImageLayout, sortedAxes } from "./layout.js";
import { sizes, type Sizes } from "./linear.js";
import type { Scope } from "./scope.js";

/** Operators of ONNX Runtime's CPU provider on channels stored in blocks; internal to it. */
export const nchwc = "com.microsoft.nchwc";

/** Images with `size` channels side by side in memory: `[B, C/size, H, W, size]`. */
export class Blocks extends ImageLayout {
  override readonly key = "blocks";
  /** Channels of a block: 16 with AVX-512, 8 with AVX2. */
  readonly size: number;

  constructor(size: number) {
    super();
    this.size = size;
  }

  /** So many channels as whole blocks hold. */
  padded(channels: number): number {
    return Math.ceil(channels / this.size) * this.size;
  }

  override fits({ shape }: Tensor): boolean {
    return shape.length === 4 && shape[1]! % this.size === 0;
  }

  /** Channels come in multiples of 4, and zeros fill the last block. */
  override fromRows(scope: Scope, image: Tensor): string {
    return this.pack(scope, scope.nameOf(image));
  }

  override toRows(scope: Scope, name: string, image: Tensor): string {
    return this.unpack(scope, name, sizes(image)[1]);
  }

  pack(scope: Scope, rows: string): string {
    return scope.emit("ReorderInput", [rows], { channels_last: 0 }, nchwc);
  }

  unpack(scope: Scope, blocks: string, channels: number): string {
    return scope.emit("ReorderOutput", [blocks], { channels, channels_last: 0 }, nchwc);
  }

  override perChannel(scope: Scope, values: Tensor, [, channels, height, width]: Sizes): string {
    return scope.derived(values, `in each of ${height}x${width} pixels`, (s, t) => {
      const split = s.reshape(s.nameOf(t), [channels / this.size, 1, this.size]);
      const all = [channels / this.size, height * width, this.size];
      return s.reshape(s.emit("Expand", [split, s.ints(all)]), [1, channels, height, width]);
    });
  }

  override sum(scope: Scope, image: Tensor, axes: readonly number[]): string | undefined {
    const [batch, channels, height, width] = sizes(image);
    const sum = (name: string, over: readonly number[]): string =>
      scope.emit("ReduceSum", [name, scope.ints(over)]);
    switch (sortedAxes(axes)) {
      case "1,2,3":
      case "0,1,2,3":
        return sum(this.of(scope, image), axes);
      case "2,3":
      case "0,2,3": {
        const pixels = [(batch * channels) / this.size, height * width, this.size];
        const perImage = sum(scope.reshape(this.of(scope, image), pixels), [1]);
        const images = scope.reshape(perImage, [batch, channels, 1, 1]);
        return axes.length === 2 ? images : sum(images, [0]);
      }
      default:
        return undefined;
    }
  }

  /** The image with its pixels as channels, `[1, B·H·W, 1, C]` in blocks, of which H·W fill some. */
  turned(scope: Scope, image: Tensor): string {
    const [batch, channels, height, width] = sizes(image);
    const { size } = this;
    const [groups, runs] = [channels / size, (height * width) / size];
    return scope.derived(image, "turned blocks", (s, t) => {
      const squares = s.reshape(this.of(s, t), [batch * groups * runs, size, 1, size]);
      const turned = s.reshape(this.pack(s, squares), [batch, groups, runs, size * size]);
      const sorted = s.transpose(turned, [0, 2, 1, 3]);
      return s.reshape(sorted, [1, batch * height * width, 1, channels]);
    });
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
