import { flatten, Logit, Rescale, type Bijection } from "../bijections/index.js";
import * as z from "zod";
import type { Shape } from "../tree.js";

/**
 * How an image's numbers become real ones, in a configuration: whole pixels 0…255 by their `logit`
 * (α = 10⁻⁶, the default) or about their `centre`, x/256 − ½, uniform noise in [0, 1) added first;
 * or `real` for an image of real numbers, taken as they are. Vectors always are.
 */
export const pixelOption = z.enum(["logit", "centre", "real"]).default("logit");

export type Pixels = z.output<typeof pixelOption>;

/** What a configuration says of an event's numbers. */
interface Events {
  readonly shape: Shape;
  readonly pixels: Pixels;
}

const levels = 256;
const defaultAlpha = 1e-6;

/** Whether events are images of whole pixels. */
export function holdPixels({ shape, pixels }: Events): boolean {
  return shape.length === 3 && pixels !== "real";
}

/**
 * First parts of a density of images: pixels in [0, 256), uniform noise included, to real numbers;
 * none for events that are real. With them in the chain the density is over [0, 256)ᴰ, so
 * −log p/(D ln 2) is in bits/dim.
 *
 * @see Theis et al. 2016, section 3.1, https://arxiv.org/abs/1511.01844
 */
export function pixelBijections(events: Events, alpha: number = defaultAlpha): Bijection[] {
  if (!holdPixels(events)) return [];
  const { shape, pixels } = events;
  const unit = new Rescale(shape, { offset: 0, scale: 1 / levels });
  const real =
    pixels === "centre" ? new Rescale(shape, { offset: 0.5, scale: 1 }) : new Logit(shape, alpha);
  return [unit, real];
}

/** First parts of a density that takes events as vectors of real numbers. */
export function vectorBijections(events: Events): Bijection[] {
  const { shape } = events;
  return [...pixelBijections(events), ...(shape.length === 3 ? [flatten(shape)] : [])];
}
