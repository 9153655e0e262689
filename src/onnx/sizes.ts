import type { Shape } from "../tree.js";

/** Batch, channels, height and width of images; or channels out and in, height and width of a filter. */
export type Sizes = readonly [number, number, number, number];

/** The four sizes of an image batch or a filter. */
export function sizes({ shape }: { readonly shape: Shape }): Sizes {
  return [shape[0]!, shape[1]!, shape[2]!, shape[3]!];
}
