import type { Tensor } from "../graph/index.js";
import { sizeOf } from "../tree.js";
import { ImageLayout, sortedAxes } from "./layout.js";
import { sizes } from "./linear.js";
import type { Scope } from "./scope.js";

/** Images with their pixels first and channels last, `[H·W, B, C]`, as matrix products want them. */
class Pixels extends ImageLayout {
  override readonly key = "pixels";

  override fits({ shape }: Tensor): boolean {
    return shape.length === 4;
  }

  override fromRows(scope: Scope, image: Tensor): string {
    const [batch, channels, height, width] = sizes(image);
    const rows = scope.reshape(scope.nameOf(image), [batch * channels, height * width]);
    return this.shaped(scope, scope.transpose(rows, [1, 0]), image);
  }

  override toRows(scope: Scope, name: string, image: Tensor): string {
    const [batch, channels, height, width] = sizes(image);
    const lines = scope.reshape(name, [height * width, batch * channels]);
    return scope.reshape(scope.transpose(lines, [1, 0]), image.shape);
  }

  override perChannel(scope: Scope, values: Tensor): string {
    return scope.derived(values, "vector", (s, t) => s.reshape(s.nameOf(t), [sizeOf(t.shape)]));
  }

  override sum(scope: Scope, image: Tensor, axes: readonly number[]): string | undefined {
    const [batch, channels, height, width] = sizes(image);
    const sum = (shape: readonly number[]): string => {
      const matrix = scope.reshape(this.of(scope, image), shape);
      return scope.emit("ReduceSum", [matrix, scope.ints([0])]);
    };
    switch (sortedAxes(axes)) {
      case "0,1,2,3":
        return scope.reshape(sum([sizeOf(image.shape)]), [1, 1, 1, 1]);
      case "2,3":
        return scope.reshape(sum([height * width, batch * channels]), [batch, channels, 1, 1]);
      case "0,2,3": {
        // Lines first, which threads share.
        const lines = scope.reshape(this.of(scope, image), [height, width * batch, channels]);
        const perLine = scope.emit("ReduceSum", [lines, scope.ints([1])]);
        return scope.reshape(scope.emit("ReduceSum", [perLine, scope.ints([0])]), [
          1,
          channels,
          1,
          1,
        ]);
      }
      default:
        return undefined;
    }
  }

  /** A value of so many elements in the shape of an image in this layout. */
  shaped(scope: Scope, name: string, image: Tensor): string {
    const [batch, channels, height, width] = sizes(image);
    return scope.reshape(name, [height * width, batch, channels]);
  }
}

export const pixels = new Pixels();
