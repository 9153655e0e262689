import type { Tensor } from "../graph/index.js";
import { sameShape } from "../tree.js";
import type { Sizes } from "./linear.js";
import type { Scope } from "./scope.js";

/** How images `[B, C, H, W]` lie in memory, other than in ONNX's rows. */
export abstract class ImageLayout {
  /** What an image in this layout is derived under: see `Scope.derived`. */
  abstract readonly key: string;

  /** Whether the layout has an image's elements and no others, so that work on it is work on them. */
  abstract fits(image: Tensor): boolean;

  /** From the image's rows. */
  abstract fromRows(scope: Scope, image: Tensor): string;

  abstract toRows(scope: Scope, name: string, image: Tensor): string;

  /** What broadcasts values of each channel, `[1, C, 1, 1]`, over images of `shape` in this layout. */
  abstract perChannel(scope: Scope, values: Tensor, shape: Sizes): string;

  /** Sums over `axes` of an image; nothing if rows are as good. */
  abstract sum(scope: Scope, image: Tensor, axes: readonly number[]): string | undefined;

  /** The image in this layout. */
  of(scope: Scope, image: Tensor): string {
    return scope.derived(image, this.key, (s, t) => this.fromRows(s, t));
  }

  /** Whether the image exists in this layout. */
  has(scope: Scope, image: Tensor): boolean {
    return this.fits(image) && scope.known(image, this.key) !== undefined;
  }

  /** Whether the image exists in this layout and nobody has wanted it otherwise. */
  hasOnly(scope: Scope, image: Tensor): boolean {
    return this.has(scope, image) && !scope.isNamed(image);
  }
}

/** Whether `x` has one value for each channel of images like `shape`. */
export function isPerChannel(x: Tensor, shape: Sizes): boolean {
  return sameShape(x.shape, [1, shape[1], 1, 1]);
}

/** The axes of a sum in a fixed order, such as "0,2,3". */
export function sortedAxes(axes: readonly number[]): string {
  return [...axes].sort().join();
}
