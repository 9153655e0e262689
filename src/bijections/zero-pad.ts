import { expectParts } from "../border/parts.js";
import { ShapeError } from "../errors.js";
import { axisSize, constant, expectEvent, pad, slice, type Tensor } from "../graph/index.js";
import type { Shape } from "../tree.js";
import { mapped, relativeResidual, type Bijection, type Mapped } from "./bijection.js";

/**
 * Appends channels of zeros: injective, so its inverse is defined only where those channels are
 * zero, which a check measures. It keeps volume on its image (logDet = 0) but is no bijection
 * onto `[channels, ...]`: a density can't be built on it.
 *
 * @see Behrmann et al. 2019, section 5.1, https://arxiv.org/abs/1811.00995
 */
export class ZeroPad implements Bijection {
  readonly inShape: Shape;
  readonly outShape: Shape;
  readonly #path: string;

  /**
   * @param path where it is in the model, for its check
   * @param shape of an event, `[C, ...]`
   * @param channels after padding, at least C
   * @throws {ShapeError} if there would be fewer channels than before.
   */
  constructor(path: string, shape: Shape, channels: number) {
    expectParts("ZeroPad", { path, shape, channels });
    if (channels < shape[0]!) {
      throw new ShapeError(`ZeroPad: expected at least ${shape[0]} channels, got ${channels}`);
    }
    this.#path = path;
    this.inShape = shape;
    this.outShape = [channels, ...shape.slice(1)];
  }

  forward(x: Tensor): Mapped {
    expectEvent(x, this.inShape, "ZeroPad: x");
    const value = pad(x, 1, 0, this.outShape[0]! - this.inShape[0]!);
    return mapped(value, () => constant(0, [axisSize(x, 0)]));
  }

  inverse(y: Tensor): Mapped {
    expectEvent(y, this.outShape, "ZeroPad: y");
    const [kept, all] = [this.inShape[0]!, this.outShape[0]!];
    const value = slice(y, 1, 0, kept);
    const logDet = (): Tensor => constant(0, [axisSize(y, 0)]);
    if (kept === all) return mapped(value, logDet);
    return mapped(value, logDet, [
      {
        where: this.#path,
        residual: relativeResidual(slice(y, 1, kept, all), y),
        tolerance: 1e-3,
        remedy: "invert only values that the forward map can give: its padded channels are zero",
      },
    ]);
  }
}
