import { Logit, Rescale, type Bijection } from "../bijections/index.js";
import { z } from "zod";
import type { Shape } from "../tree.js";

/**
 * How pixels become real numbers, in a configuration: `logit` (α = 10⁻⁶, the default), or
 * `centre`, x/256 − ½. Vectors are taken as they are.
 */
export const pixelOption = z.enum(["logit", "centre"]).default("logit");

export type Pixels = z.output<typeof pixelOption>;

const levels = 256;
const defaultAlpha = 1e-6;

/**
 * First parts of a density of images: pixels in [0, 256), uniform noise included, to real numbers.
 * With them in the chain the density is over [0, 256)ᴰ, so −log p/(D ln 2) is in bits/dim.
 *
 * @see Theis et al. 2016, section 3.1, https://arxiv.org/abs/1511.01844
 */
export function pixelBijections(
  shape: Shape,
  pixels: Pixels,
  alpha: number = defaultAlpha,
): Bijection[] {
  const unit = new Rescale(shape, { offset: 0, scale: 1 / levels });
  const real =
    pixels === "centre" ? new Rescale(shape, { offset: 0.5, scale: 1 }) : new Logit(shape, alpha);
  return [unit, real];
}
